import { StreamError } from './errors.js';
import { EventStreamParser } from './parser.js';
import { race } from './race.js';
import type { Connection, Transport } from './types.js';

/** The event stream over `fetch`, which can set headers, read the status and stop reading. */
export const eventStream: Transport = {
  name: 'sse',
  async connect(connection: Connection): Promise<void> {
    const { signal, lastEventId } = connection;
    const response = await connection.fetch(withQuery(connection.url, connection.query), {
      // A browser would let the second of two equal requests wait for the first one's end, to answer it from the cache.
      cache: 'no-store',
      headers: { Accept: 'text/event-stream', ...(lastEventId && { 'Last-Event-ID': utf8(lastEventId) }) },
    });
    const contentType = response.headers.get('Content-Type') ?? '';
    if (!/^text\/event-stream\s*(;|$)/i.test(contentType) || !response.body) {
      void response.body?.cancel().catch(() => {});
      throw new StreamError('content-type', `The answer is no event stream but '${contentType}'.`, { status: response.status });
    }

    const reader = response.body.getReader();
    try {
      const parser = new EventStreamParser(lastEventId);
      for (;;) {
        connection.reading();
        const { done, value } = await race(reader.read(), signal);
        if (done) return;
        connection.received();
        for (const message of parser.push(value)) {
          const taken = connection.message(message);
          if (taken) await taken;
        }
      }
    } finally {
      // A read that hangs in a dead network ends only so.
      void reader.cancel().catch(() => {});
    }
  },
};

// A header's characters are bytes; the HTML standard, section 9.2.3, wants the id in UTF-8.
const utf8 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));

export function withQuery(url: string, query: URLSearchParams): string {
  const text = query.toString();
  return text ? url + (url.includes('?') ? '&' : '?') + text : url;
}

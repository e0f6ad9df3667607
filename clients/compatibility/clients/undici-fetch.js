import { setTimeout } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { fetch } from 'undici';

export function subscribe(url, types, onEvent) {
  const controller = new AbortController();
  read(url, onEvent, controller.signal).catch(error => controller.signal.aborted || Promise.reject(error));
  return () => controller.abort();
}

async function read(url, onEvent, signal) {
  let lastEventId = '';
  let retry = 1_000;
  for (;;) {
    try {
      const headers = { Accept: 'text/event-stream', ...(lastEventId && { 'Last-Event-ID': lastEventId }) };
      const response = await fetch(url, { headers, signal });
      if (!response.ok)
        throw new Error(`The server answered ${response.status}.`);
      const events = response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({ onRetry: ms => { retry = ms; } }));
      for await (const { id, event, data } of events) {
        onEvent({ id, type: event, data });
        lastEventId = id ?? lastEventId;
      }
    } catch {
      // The connection was cut, or there was none; it comes back with its cursor.
    }
    await setTimeout(retry, undefined, { signal });
  }
}

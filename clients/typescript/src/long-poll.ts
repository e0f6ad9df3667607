import { elementsOf, readCloudEvent } from './cloud-event.js';
import { StreamError, withQuery } from './index.js';
import type { Connection, Transport } from './types.js';

const mediaType = 'application/cloudevents-batch+json';

export interface LongPollOptions {
  /** Seconds that the server waits for the next event, 1 to 55. Default 25, which proxies and the read time-out outlast. */
  wait?: number;
}

/** The stream as one request after the other, for networks that let nothing else through. */
export function longPoll({ wait = 25 }: LongPollOptions = {}): Transport {
  return {
    name: 'long-poll',
    async connect(connection: Connection): Promise<void> {
      const { signal } = connection;
      connection.via = 'long-poll';
      const query = new URLSearchParams(connection.query);
      query.delete('format');
      if (connection.lastEventId) query.set('after', connection.lastEventId);
      let cursor = connection.lastEventId;
      let isOpen = false;
      let replayed = 0;
      let isLive = false;
      while (!signal.aborted) {
        // Until all is there nothing is waited for: an answer that comes at once shows that the way is open.
        query.set('wait', String(isLive ? wait : 0));
        const response = await connection.fetch(withQuery(connection.url, query), { cache: 'no-store', headers: { Accept: mediaType } });
        const events = elementsOf(await response.text()).map(readCloudEvent);
        connection.received();
        if (!isOpen) {
          // No poll says so itself, but whoever loads a state waits for it.
          const recovered = !!cursor && !events.some(({ message }) => message.type === 'stream.gap');
          await connection.message({ type: 'stream.open', data: JSON.stringify({ recovered }), id: '', ownId: false });
          isOpen = true;
        }
        let last = '';
        for (const { message, extra } of events) {
          await connection.message(message, extra);
          if (signal.aborted) return;
          if (message.ownId) last = message.id;
        }
        // A proxy may take the link away, or give one of before: what the batch ends with is as good.
        const linked = nextCursor(response.headers.get('Link'));
        const next = linked && linked !== cursor ? linked : last || cursor;
        if (events.length && next === cursor) throw new StreamError('network', 'A batch leads no further: the same one would come again and again.');
        cursor = next;
        if (cursor) {
          query.delete('since');
          query.set('after', cursor);
          await connection.message({ type: '', id: cursor, ownId: true });
        }
        // Without a place in the log the next poll would begin with what comes then, and what came between would be lost.
        if (!cursor && !query.has('since') && !query.has('after')) throw new StreamError('network', 'A poll leads nowhere: its header Link is missing.');
        replayed += events.length;
        if (isLive || events.length) continue;
        isLive = true;
        const data = JSON.stringify({ replayed, latest: cursor });
        await connection.message({ type: 'stream.live', data, id: '', ownId: false });
      }
    },
  };
}

// `<?topic=…&after=ID>; rel="next"`: of it only the cursor is new.
function nextCursor(link: string | null): string | null {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1];
  return target === undefined ? null : new URLSearchParams(target.slice(target.indexOf('?') + 1)).get('after');
}

import { Inbox } from './inbox.js';
import { StreamError, withQuery } from './index.js';
import type { Connection, Transport } from './types.js';

export interface EventSourceOptions {
  /** The types of the events that are wanted: a native EventSource tells no others. */
  types: readonly string[];
  /** Makes the source. Default the runtime's own `EventSource`. */
  open?: (url: string, withCredentials: boolean) => EventSource;
}

// It cannot be asked to wait: one whose consumer is behind by so many events is closed, and opened again from the cursor.
const limit = 1_000;
const control = ['stream.open', 'stream.live', 'stream.gap', 'stream.close', 'stream.heartbeat'];

/**
 * The event stream over the runtime's own `EventSource`, for where `fetch` gives no body to read. It can set no headers, sees no
 * status, and cannot be asked to wait; the cursor goes into the query.
 */
export function nativeEventSource({ types, open = (url, withCredentials) => new EventSource(url, { withCredentials }) }: EventSourceOptions): Transport {
  return {
    name: 'event-source',
    connect(connection: Connection): Promise<void> {
      const { signal, lastEventId } = connection;
      connection.via = 'event-source';
      const query = new URLSearchParams(connection.query);
      if (lastEventId) query.set('lastEventId', lastEventId);
      query.set('heartbeat', 'event');
      connection.reading();
      const source = open(withQuery(connection.url, query), connection.options.credentials === 'include');
      // A new source knows no id: the first one is an event's own.
      let last = '';
      const inbox = new Inbox<MessageEvent<string>>(limit, async ({ type, data, lastEventId: id }) => {
        const ownId = id !== last;
        last = id;
        await connection.message({ type, data, id, ownId });
        connection.reading();
      });
      const listen = (event: Event) => {
        connection.received();
        if (!inbox.push(event as MessageEvent<string>)) end(new StreamError('rejoin', 'The consumer is behind; the source is opened again from the cursor.'));
      };
      const end = (error: unknown) => {
        source.close();
        inbox.end(error);
      };
      const abort = () => end(signal.reason);
      for (const type of ['message', ...control, ...types]) source.addEventListener(type, listen);
      // It would come back by itself, without the back-off and to the same transport: that is left to the subscription.
      source.addEventListener('error', () => end(new StreamError('network', 'The EventSource failed.')));
      signal.addEventListener('abort', abort, { once: true });
      return inbox.finished.finally(() => {
        signal.removeEventListener('abort', abort);
        source.close();
      });
    },
  };
}

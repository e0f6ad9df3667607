import { readCloudEvent } from './cloud-event.js';
import { Inbox } from './inbox.js';
import { StreamError, withQuery } from './index.js';
import type { Connection, Transport } from './types.js';

/** As much of a WebSocket as is needed. */
export interface WebSocketLike {
  addEventListener(type: string, listener: (event: any) => void): void;
  close(): void;
}

export interface WebSocketOptions {
  /** Makes the socket. Default the runtime's own `WebSocket`. */
  open?: (url: string, protocol: string) => WebSocketLike;
}

// A socket cannot be asked to wait. One whose consumer is behind by so many messages is closed, and opened again from the cursor.
const limit = 1_000;

/** The stream over a WebSocket (`/events/ws`), for networks that break event streams. */
export function webSocket(options: WebSocketOptions = {}): Transport {
  const open = options.open ?? ((url, protocol) => new WebSocket(url, protocol));
  return {
    name: 'websocket',
    async connect(connection: Connection): Promise<void> {
      if (connection.format === 'html') throw new StreamError('status', 'HTML fragments come over event streams only.', { final: true });
      const { signal, lastEventId } = connection;
      connection.via = 'websocket';
      const query = new URLSearchParams(connection.query);
      query.delete('format');
      if (lastEventId) query.set('after', lastEventId);
      // A script doesn't see the protocol's pings; these it does.
      query.set('heartbeat', 'event');
      connection.reading();
      const socket = open(withQuery(socketUrl(connection.url), query), 'cloudevents.json');
      const inbox = new Inbox<string>(limit, async text => {
        const { message, extra } = readCloudEvent(text);
        await connection.message(message, extra);
        connection.reading();
      });
      let opened = false;
      socket.addEventListener('open', () => (opened = true));
      socket.addEventListener('message', (event: { data: unknown }) => {
        connection.received();
        if (typeof event.data !== 'string') inbox.end(new StreamError('network', 'The WebSocket sent something other than text.'));
        else if (inbox.push(event.data)) return;
        else inbox.end(new StreamError('rejoin', 'The consumer is behind; the socket is opened again from the cursor.'));
        socket.close();
      });
      socket.addEventListener('error', () => inbox.end(new StreamError('network', 'The WebSocket failed.')));
      socket.addEventListener('close', () => inbox.end(opened ? undefined : new StreamError('network', 'The WebSocket was refused.')));
      const abort = () => {
        inbox.end(signal.reason);
        socket.close();
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        await inbox.finished;
      } finally {
        signal.removeEventListener('abort', abort);
        socket.close();
      }
    },
  };
}

function socketUrl(url: string): string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const absolute = new URL(url, base);
  absolute.protocol = absolute.protocol.replace('http', 'ws');
  absolute.pathname = absolute.pathname.replace(/\/?$/, '/ws');
  absolute.hash = '';
  return absolute.href;
}

import { EventSourcePolyfill } from 'event-source-polyfill';

export function subscribe(url, types, onEvent) {
  // Three heartbeats of the server.
  const source = new EventSourcePolyfill(url, { heartbeatTimeout: 45_000 });
  for (const type of types)
    source.addEventListener(type, ({ lastEventId, data }) => onEvent({ id: lastEventId, type, data }));
  return () => source.close();
}

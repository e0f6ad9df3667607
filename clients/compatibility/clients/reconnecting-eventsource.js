import ReconnectingEventSource from 'reconnecting-eventsource';
import { EventSource } from 'eventsource';

export function subscribe(url, types, onEvent) {
  // In a browser leave eventSourceClass out.
  const source = new ReconnectingEventSource(url, { eventSourceClass: EventSource });
  for (const type of types)
    source.addEventListener(type, ({ lastEventId, data }) => onEvent({ id: lastEventId, type, data }));
  return () => source.close();
}

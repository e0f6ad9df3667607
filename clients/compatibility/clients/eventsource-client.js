import { createEventSource } from 'eventsource-client';

export function subscribe(url, types, onEvent) {
  const source = createEventSource({
    url,
    onMessage: ({ id, event, data }) => onEvent({ id, type: event, data }),
  });
  return () => source.close();
}

import { readCloudEvent } from './cloud-event.js';
import type { Decoder, StreamEvent } from './types.js';

/**
 * Reads the format `cloudevents`, which tells an event's topic, key and time: `subscribe(url, { format: 'cloudevents', decode:
 * cloudEvents() })`. What is none has `error`, and its `data` as it came. What comes over a WebSocket or a long poll is left as it is, since it was read already.
 */
export function cloudEvents(): Decoder {
  return (event: StreamEvent): StreamEvent => {
    if (event.attributes) return event;
    try {
      const { message, extra } = readCloudEvent(event.data);
      return { ...event, data: message.data ?? '', ...extra };
    } catch (error) {
      return { ...event, error: error as Error };
    }
  };
}

/** The key for which an event stands: a newer event of the same key takes its place. */
export function keyOf(event: StreamEvent): string | undefined {
  return event.attributes?.key as string | undefined;
}

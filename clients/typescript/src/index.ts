import { EventSubscription } from './subscription.js';
import type { SubscribeOptions, Subscription } from './types.js';

/**
 * Subscribes to an event stream. The stream comes back by itself, from where it was, until it is closed.
 * @param url The endpoint, such as `/events`; absolute where there is no page.
 */
export function subscribe(url: string | URL, options: SubscribeOptions = {}): Subscription {
  return new EventSubscription(String(url), options);
}

export { StreamError } from './errors.js';
export { EventStreamParser, type StreamMessage } from './parser.js';
export { eventStream, withQuery } from './sse.js';
export type {
  Clock, Connection, CursorStore, Decoder, Environment, RequestContext, SessionHandler, StreamEvent, StreamGap, StreamLive, StreamOpen,
  StreamState, SubscribeOptions, Subscription, Transport, WaitReason,
} from './types.js';

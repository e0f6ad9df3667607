import type { StreamState } from './types.js';

const reasons: Record<string, string> = {
  ended: 'the connection ended',
  network: 'the connection failed',
  silent: 'nothing came through the network',
  timeout: 'the connection fell silent',
  status: 'the server refused the request',
  'content-type': 'something on the way answered instead of the server',
  state: 'the page’s state could not be loaded',
  credentials: 'the credentials could not be had',
  offline: 'there is no network',
  hidden: 'the page was put aside',
  woken: 'the device or the network came back',
  gap: 'some events are missing, and the state is loaded again',
  rejoin: 'it takes another way to the server',
  reconnect: 'it was asked to connect anew',
  drain: 'the server restarts',
  limit: 'the server has too much to do',
  revoked: 'the session has ended; sign in again',
  slow: 'this page was too slow',
  rotate: 'the connection was open for long',
  unauthenticated: 'nobody is signed in',
  forbidden: 'it is not allowed to read these topics',
  closed: 'it was closed',
};

/** Says a state in an English sentence, without its full stop. */
export function describe(state: StreamState, now: number = Date.now()): string {
  const why = state.reason && (reasons[state.reason] ?? state.reason);
  switch (state.name) {
    case 'connecting':
      return why ? `Connecting again: ${why}` : 'Connecting';
    case 'open':
      return 'Connected; what was missed is coming';
    case 'live':
      return 'Live';
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil(((state.retryAt ?? now) - now) / 1000));
      const when = state.reason === 'hidden' ? 'when the page is back' : seconds === 0 ? 'at once' : seconds === 1 ? 'in 1 second' : `in ${seconds} seconds`;
      return `Not connected: ${why ?? 'the connection ended'}. Connecting again ${when}`;
    }
    default:
      return `Closed: ${why ?? 'the connection ended'}`;
  }
}

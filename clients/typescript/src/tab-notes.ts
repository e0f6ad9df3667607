import type { StreamMessage } from './parser.js';
import type { StreamEvent, StreamState } from './types.js';

/** A message of the leader's stream. */
export interface Told {
  kind: 'message';
  term: string;
  count: number;
  message: StreamMessage;
  extra: Partial<StreamEvent> | undefined;
}

/** What tabs tell each other. A term is one tab's time as leader; its messages are numbered without holes. */
export type Note =
  | Told
  | { kind: 'ask' }
  | { kind: 'lead' | 'here'; term: string; count: number; position: string; state: StreamState }
  | { kind: 'state'; term: string; state: StreamState }
  | { kind: 'bye'; term: string };

/**
 * Whether an id stands before a position, or is it. Ids are ordered within an epoch, which is what stands before the last dash; of ids
 * that look otherwise nothing is known.
 */
export function precedes(id: string, position: string): boolean {
  const [one, other] = [id, position].map(text => /^(.+)-(\d{1,15})$/.exec(text));
  return !!one && !!other && one[1] === other[1] && Number(one[2]) <= Number(other[2]);
}

/** What a stream says: an event, an `id:` alone, or a reconnection time. */
export interface StreamMessage {
  /** The event type; `message` where the stream names none. */
  type: string;
  /** The payload; `undefined` where the block had no data, and only moves the last event id. */
  data?: string;
  /** The last event id as of this block. */
  id: string;
  /** The block had an `id:` of its own. Without one the id is that of an earlier event. */
  ownId: boolean;
  /** A new reconnection time in milliseconds. Such a message has nothing else. */
  retry?: number;
}

// The first colon parts them, and one space after it belongs to neither.
const fieldAndValue = /^([^:]*):? ?(.*)/s;

/** More than this in one event is taken for an attack: the server's own bound is far below. In UTF-16 units. */
export const maxEventLength = 32 * 1024 * 1024;

/** Reads `text/event-stream` as the HTML standard's section 9.2.6 says, from pieces that may end anywhere. */
export class EventStreamParser {
  // Strips one byte order mark, as "UTF-8 decode" does; a second one is a part of the first line.
  readonly #decoder = new TextDecoder();
  #line = '';
  #skipLineFeed = false;
  #data = '';
  #hasData = false;
  #type = '';
  #id: string;
  #ownId = false;

  /** @param lastEventId The last event id of the stream that this one resumes. */
  constructor(lastEventId = '') {
    this.#id = lastEventId;
  }

  /** Takes the next bytes and gives what they complete. What is not complete at the end of a stream is dropped. */
  push(bytes: Uint8Array): StreamMessage[] {
    const messages: StreamMessage[] = [];
    const text = this.#decoder.decode(bytes, { stream: true });
    let start = 0;
    if (text && this.#skipLineFeed) {
      this.#skipLineFeed = false;
      if (text[0] === '\n') start = 1;
    }
    for (let lf = text.indexOf('\n', start), cr = text.indexOf('\r', start); lf >= 0 || cr >= 0;) {
      const end = cr < 0 || (lf >= 0 && lf < cr) ? lf : cr;
      this.#take(this.#line + text.slice(start, end), messages);
      this.#line = '';
      start = end + 1;
      if (end === cr) {
        if (start === text.length) this.#skipLineFeed = true;
        else if (lf === start) start++;
        cr = text.indexOf('\r', start);
      }
      if (lf >= 0 && lf < start) lf = text.indexOf('\n', start);
    }
    this.#line += text.slice(start);
    if (this.#line.length + this.#data.length > maxEventLength) throw new RangeError('An event is too long.');
    return messages;
  }

  #take(line: string, messages: StreamMessage[]): void {
    if (!line) {
      this.#dispatch(messages);
      return;
    }
    const [, field, value] = fieldAndValue.exec(line) as unknown as [string, string, string];
    if (field === 'data') {
      this.#data += value + '\n';
      this.#hasData = true;
    } else if (field === 'event') {
      this.#type = value;
    } else if (field === 'id') {
      // With NUL it is none. A longer one, brought back in a header, would be refused for ever.
      if (!value.includes('\0') && value.length <= 1_000) {
        this.#id = value;
        this.#ownId = true;
      }
    } else if (field === 'retry' && /^[0-9]+$/.test(value)) {
      messages.push({ type: '', id: this.#id, ownId: false, retry: Number(value) });
    }
  }

  #dispatch(messages: StreamMessage[]): void {
    if (this.#hasData) {
      messages.push({ type: this.#type || 'message', data: this.#data.slice(0, -1), id: this.#id, ownId: this.#ownId });
    } else if (this.#ownId) {
      messages.push({ type: '', id: this.#id, ownId: true });
    }
    this.#data = this.#type = '';
    this.#hasData = this.#ownId = false;
  }
}

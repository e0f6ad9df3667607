import type { StreamMessage } from './parser.js';
import type { StreamEvent } from './types.js';

/** What an event has beside id, type and data. */
export type Extra = Pick<StreamEvent, 'topic' | 'contentType' | 'attributes'>;

/** Reads a CloudEvent (JSON format) into what an event stream in raw format would have brought, and the attributes beside it. */
export function readCloudEvent(json: string): { message: StreamMessage; extra: Extra } {
  const event = JSON.parse(json) as Record<string, unknown> | null;
  if (typeof event?.type !== 'string') throw new SyntaxError('The text is no CloudEvent.');
  const { id, type, data: _, data_base64, topic, datacontenttype, specversion: _version, ...attributes } = event;
  const isControl = String(type).startsWith('stream.');
  return {
    message: {
      type: String(type),
      data: typeof data_base64 === 'string' ? `data:${String(datacontenttype ?? 'application/octet-stream')};base64,${data_base64}` : rawText(json),
      id: String(id),
      // A CloudEvent must have an id; of these two it is no place in the log.
      ownId: type !== 'stream.live' && type !== 'stream.close',
    },
    extra: isControl ? {} : {
      ...(typeof topic === 'string' && { topic }),
      ...(typeof datacontenttype === 'string' && { contentType: datacontenttype }),
      attributes,
    },
  };
}

/** The elements of a JSON array, each as it was written. */
export function elementsOf(json: string): string[] {
  const elements: string[] = [];
  JSON.parse(json);
  walk(json, (start, end) => elements.push(json.slice(start, end)));
  return elements;
}

// A JSON string as its text, anything else as it was written: numbers would lose digits if they were read and written again.
function rawText(json: string): string {
  let raw = '';
  walk(json, (start, end, name) => {
    if (name === 'data') raw = json.slice(start, end);
  });
  return raw[0] === '"' ? (JSON.parse(raw) as string) : raw;
}

// Goes over the members or elements of the outermost object or array of valid JSON.
function walk(json: string, take: (start: number, end: number, name: string) => void): void {
  const token = /"(?:[^"\\]|\\.)*"|[[\]{},:]/gs;
  let depth = 0;
  let start = 0;
  let name = '';
  let last = '';
  for (let match = token.exec(json); match; match = token.exec(json)) {
    const [text] = match;
    const outer = depth === 1;
    if (text === '{' || text === '[') {
      if (++depth === 1) start = token.lastIndex;
    } else if (text === '}' || text === ']') {
      depth--;
    }
    if (outer && text === ':') {
      name = JSON.parse(last) as string;
      start = token.lastIndex;
    } else if ((outer && text === ',') || (depth === 0 && outer)) {
      const value = json.slice(start, match.index);
      const before = value.length - value.trimStart().length;
      if (value.trim()) take(start + before, start + before + value.trim().length, name);
      start = token.lastIndex;
    }
    last = text;
  }
}

import { fromBase64, toBase64 } from './binary.js';
import { StreamError } from './index.js';
import { kindOf } from './media-type.js';
import { matches } from './topics.js';
import type { Decoder, RequestContext, StreamEvent } from './types.js';

export interface DecryptOptions {
  /** Where a topic's keys are. Default: the stream's URL and `/keys`. */
  keysUrl?: string;
}

interface Header {
  alg: string;
  enc: string;
  kid: string;
  topic: string;
  type: string;
  cty: string;
}

const maxKeys = 1_000;
// A key that the server doesn't have is not asked for with each event.
const askAgain = 60_000;

/** Opens the events of encrypted topics (JWE, `dir` with A256GCM) with the keys that the server gives whoever may read the topic. */
export function decrypt({ keysUrl }: DecryptOptions = {}): Decoder {
  const keys = new Map<string, CryptoKey>();
  const asked = new Map<string, number>();

  async function keyOf({ kid, topic }: Header, context: RequestContext): Promise<CryptoKey> {
    const name = `${topic} ${kid}`;
    const known = keys.get(name);
    if (known) return known;
    const last = asked.get(name);
    if (last === undefined || context.clock.now() - last >= askAgain) {
      await load(topic, context);
      const loaded = keys.get(name);
      if (loaded) return loaded;
      remember(asked, name, context.clock.now());
    }
    throw new Unreadable(`The server has no key '${kid}' for the topic '${topic}'.`);
  }

  async function load(topic: string, context: RequestContext): Promise<void> {
    const set = await ask(`${keysUrl ?? endpoint(context.url)}?${new URLSearchParams({ topic })}`, context);
    for (const { kty, kid, k } of set.keys) {
      if (kty !== 'oct') continue;
      remember(keys, `${topic} ${kid}`, await crypto.subtle.importKey('raw', fromBase64(k), 'AES-GCM', false, ['decrypt']));
    }
  }

  async function ask(url: string, context: RequestContext): Promise<{ keys: { kty: string; kid: string; k: string }[] }> {
    try {
      return await (await context.fetch(url)).json();
    } catch (error) {
      throw isRefusal(error) ? error : new OutOfReach(error);
    }
  }

  return (event, context) => (isJwe.test(event.data) ? open(event, context) : event);

  async function open(event: StreamEvent, context: RequestContext): Promise<StreamEvent> {
    try {
      const parts = event.data.split('.') as [string, string, string, string, string];
      const header = readHeader(parts[0]);
      if (!header) return event;
      check(header, event, context);
      const key = await keyOf(header, context);
      const opened = await crypto.subtle
        .decrypt({ name: 'AES-GCM', iv: fromBase64(parts[2]), additionalData: ascii(parts[0]) }, key, concat(fromBase64(parts[3]), fromBase64(parts[4])))
        .catch(() => {
          throw new Unreadable('The payload does not fit its key: somebody has changed it.');
        });
      return { ...event, topic: header.topic, contentType: header.cty, data: textOf(new Uint8Array(opened), header.cty, context.format) };
    } catch (error) {
      if (error instanceof OutOfReach) throw error.cause;
      // Whoever may publish can write anything: nothing that is wrong with an event may stop those that follow it.
      return { ...event, error: error instanceof Unreadable || isRefusal(error) ? (error as Error) : new Unreadable('The payload is no encrypted event as the server writes them.', { cause: error }) };
    }
  }
}

/** What no further try would change. */
class Unreadable extends Error {
  override readonly name = 'UnreadableEventError';
}

/** The keys could not be had at this moment: the event is delivered again. */
class OutOfReach {
  constructor(readonly cause: unknown) {}
}

// The compact form (RFC 7516, section 7.1) with an empty key, as `dir` has it.
const isJwe = /^[\w-]+\.\.[\w-]+\.[\w-]*\.[\w-]+$/;

// Also where the topic is so long that the request is refused for that: it is the publisher's.
const isRefusal = (error: unknown) => error instanceof StreamError && (error.final || error.status === 401 || error.status === 403);

// Nothing where it is no header of this kind: the text is then another's, and stays what it is.
function readHeader(part: string): Header | undefined {
  let header: Header;
  try {
    header = JSON.parse(new TextDecoder().decode(fromBase64(part))) as Header;
    if (header.alg !== 'dir' || header.enc !== 'A256GCM') return undefined;
  } catch {
    return undefined;
  }
  for (const name of ['kid', 'topic', 'type', 'cty'] as const) {
    if (typeof header[name] !== 'string') throw new Unreadable(`The payload's header has no text as '${name}'.`);
  }
  return header;
}

// Who can write to the log could give an event another topic or type than it was encrypted for.
function check({ topic, type }: Header, event: StreamEvent, context: RequestContext): void {
  if (!globalThis.crypto?.subtle) throw new Unreadable('Encrypted events need a secure context: a page of HTTPS, or of localhost.');
  const isTopic = event.topic === undefined ? context.topics.some(filter => matches(filter, topic)) : event.topic === topic;
  if (!isTopic || type !== event.type) throw new Unreadable(`The payload was encrypted for another event: '${type}' of the topic '${topic}'.`);
}

// As the payload would have come in the stream's format if its topic were not encrypted.
function textOf(bytes: Uint8Array, contentType: string, format: string): string {
  const kind = kindOf(contentType);
  if (kind !== 'binary') {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      const plain = kind === 'json' && text[0] === '"' ? (JSON.parse(text) as string) : text;
      return format === 'html' && !/^text\/html\s*(;|$)/i.test(contentType) ? plain.replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`) : plain;
    } catch {
      // Not what its type says: it stays bytes.
    }
  }
  return `data:${contentType};base64,${toBase64(bytes)}`;
}

function remember<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name);
  map.set(name, value);
  if (map.size > maxKeys) for (const oldest of map.keys()) return void map.delete(oldest);
}

const ascii = (text: string) => new TextEncoder().encode(text);

function concat(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function endpoint(url: string): string {
  return url.replace(/[?#].*$/, '').replace(/\/?$/, '/keys');
}

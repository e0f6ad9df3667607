import type { StreamMessage } from './parser.js';

/** An event of the application. */
export interface StreamEvent {
  /** The event's id, and as a cursor the place right after it. Empty where the server gives none. */
  readonly id: string;
  /** The event's type, such as `order.created`. */
  readonly type: string;
  /** The payload as text: a JSON string as its text, other JSON as JSON, binary as a data URI (see `readBinary`). */
  readonly data: string;
  /** The topic, where the format or the transport tells it: ask for it with `cloudEvents()`. */
  readonly topic?: string;
  /** The payload's media type, where the format or the transport tells it. */
  readonly contentType?: string;
  /** The other attributes of a CloudEvent, such as `time`, `source` and `key`, where the format or the transport tells them. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Why the payload could not be decoded; `data` is then as it came. */
  readonly error?: Error;
}

/** What a stream of this server begins with. */
export interface StreamOpen {
  /** Names the session in logs; opens nothing. A stream of long polls knows `recovered` alone. */
  readonly session: string;
  /** The cursor was good, and all that followed it comes now. */
  readonly recovered: boolean;
  /** The log's present life. */
  readonly epoch: string;
  /** The stream's own cursor. */
  readonly latest: string;
}

/** The client has all that there was when its stream began. */
export interface StreamLive {
  /** How many events were sent until then. */
  readonly replayed: number;
  /** The id of the last of them, or the stream's own cursor. */
  readonly latest: string;
}

/** What follows `after` and comes before `next` is not delivered. */
export interface StreamGap {
  readonly after: string | null;
  readonly next: string;
  readonly reason: 'evicted' | 'epoch' | 'unknown' | 'limit' | (string & {});
}

/** Why a connection ended, or why the next one waits. Those of `stream.close` stand for themselves. */
export type WaitReason =
  | 'ended' | 'network' | 'silent' | 'timeout' | 'status' | 'content-type' | 'state' | 'credentials' | 'offline' | 'hidden' | 'woken' | 'gap' | 'rejoin' | 'reconnect' | 'closed'
  | 'drain' | 'limit' | 'revoked' | 'slow' | 'rotate' | 'unauthenticated' | 'forbidden' | (string & {});

/** What the subscription does. `describe` of `@buffkit/client/words` says it in a sentence. */
export interface StreamState {
  /**
   * `connecting`; `open`: connected, and what was missed comes; `live`: up to date; `waiting` for the next connection;
   * `closed` for good.
   */
  readonly name: 'connecting' | 'open' | 'live' | 'waiting' | 'closed';
  /** Why it waits, connects again or is closed. */
  readonly reason?: WaitReason;
  /** When the next connection is made, in milliseconds since 1970 by this machine's clock. */
  readonly retryAt?: number;
  /** What carries the stream: `sse`, `websocket`, `long-poll`, `event-source`, or `shared` for another tab's connection. */
  readonly transport?: string;
  /** What went wrong. */
  readonly error?: Error;
}

/** Where a cursor is kept over a reload of the page, or a restart. */
export interface CursorStore {
  /** The cursor that was kept under the key. */
  load(key: string): string | null | undefined | Promise<string | null | undefined>;
  /** Called with the id of each event once it was handled. */
  save(key: string, cursor: string): void;
}

/** Turns an event into another, as decryption does. One that fails marks the event, or throws to have it delivered again later. */
export type Decoder = (event: StreamEvent, context: RequestContext) => StreamEvent | Promise<StreamEvent>;

/** What parts that plug in may use. */
export interface RequestContext {
  /** The endpoint, as `subscribe` was given it. */
  readonly url: string;
  readonly topics: readonly string[];
  readonly format: string;
  readonly clock: Clock;
  /** Ends with the connection. */
  readonly signal: AbortSignal;
  /** Names the subscription. */
  readonly owner: object;
  /** The server did not accept the last token or session. */
  readonly refused: boolean;
  /** Asks for the token and the headers anew. */
  authorize(): Promise<void>;
  /** Calls with the subscription's headers and credentials. Throws a `StreamError` for an answer that is none of success. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** Keeps a session with the server; see `@buffkit/client/session`. */
export interface SessionHandler {
  /** Called before each connection. */
  prepare(context: RequestContext): Promise<void>;
  /** What each request is to bring. */
  headers(): Record<string, string>;
  /** Called with each answer. */
  received(response: Response): void;
  /** The subscription is closed. */
  release(owner: object): void;
}

/** One connection, as the transport that makes it sees it. */
export interface Connection extends RequestContext {
  /** What follows which event is wanted. Empty where nothing is known yet. */
  readonly lastEventId: string;
  /** The query: topics, format, and `after` or `since` where there is no last event id. */
  readonly query: URLSearchParams;
  readonly options: SubscribeOptions;
  /** The transport that carries the stream in the end. */
  via: string;
  /** Says that the transport now waits for the network, so that silence counts. It doesn't while the consumer is waited for. */
  reading(): void;
  /** Says that something came, be it a comment. */
  received(): void;
  /** Takes what came. Where it gives a promise the transport reads on when that is kept: this is the back-pressure. */
  message(message: StreamMessage, extra?: Partial<StreamEvent>): void | Promise<void>;
  /** Shows a state that somebody else's connection is in. */
  show(state: StreamState): void;
}

/** Makes connections. */
export interface Transport {
  readonly name: string;
  /** Runs one connection. Ends when it ends; throws where it fails. */
  connect(connection: Connection): Promise<void>;
  /** The subscription is closed. */
  release?(owner: object): void;
}

/** Time, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  /** From 0 to below 1. */
  random(): number;
}

/** Where the browser says that the page, the network or the machine slept. */
export interface Environment {
  readonly window?: EventTarget | undefined;
  readonly document?: (EventTarget & { readonly visibilityState?: string }) | undefined;
}

export interface SubscribeOptions {
  /** Topics and filters: `orders/42`, `orders/*`, `orders/**`. */
  topics?: string | readonly string[];
  /** Everything after this id; `earliest` for all that is retained. Without it the stream begins with what comes next. */
  after?: string;
  /** Everything since this time. `after` wins. */
  since?: string | Date;
  /** How the server writes payloads. Default `raw`. `cloudEvents()` reads the second. */
  format?: 'raw' | 'cloudevents' | 'html';

  /** Called for each event. The next one waits for its promise. */
  onEvent?: (event: StreamEvent) => unknown;
  onOpen?: (open: StreamOpen) => unknown;
  /** Called once per connection, when it has brought all that there was. */
  onLive?: (live: StreamLive) => unknown;
  /** Called where events could not be delivered. */
  onGap?: (gap: StreamGap) => unknown;
  onState?: (state: StreamState) => unknown;

  /**
   * Loads the state of the page, and gives the response whose header `Event-Cursor` says from where to go on, or the cursor itself.
   * Called at the beginning, and again after a gap.
   */
  getState?: (context: { signal: AbortSignal }) => Promise<Response | string | null | undefined | void>;
  /** Gives the bearer token; called for each connection. `refused`: the server did not accept the last one. */
  token?: (context: { signal: AbortSignal; refused: boolean }) => string | null | undefined | Promise<string | null | undefined>;
  /** Headers of each request, or what gives them for each connection. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** As `fetch` takes it. */
  credentials?: RequestCredentials;
  /** Closes the subscription. */
  signal?: AbortSignal;

  /** How connections are made. Default: an event stream over `fetch`. */
  transport?: Transport;
  session?: SessionHandler;
  store?: CursorStore;
  decode?: Decoder | readonly Decoder[];

  /** How many events wait for the iterator before the network is not read any further. Default 256. */
  queue?: number;
  /** How many ids are remembered to drop repeats. Default 1,024. 0 for a server that gives an id twice. */
  dedupe?: number;
  /** After how many connections in a row that failed the subscription gives up. Default never. */
  retries?: number;
  /** Milliseconds of the first back-off, where the server has named no time. Default 1,000. */
  retryMin?: number;
  /** Milliseconds up to which the back-off grows. Default 30,000. */
  retryMax?: number;
  /**
   * Milliseconds until `getState`, `token` and `headers` have to answer; after that the connection counts as failed, the `signal` that they
   * were given is aborted, and they are asked again after the back-off. Default 120,000, in which somebody can sign in.
   */
  callTimeout?: number;
  /** Milliseconds until the first byte has to come. Default 10,000. */
  openTimeout?: number;
  /** Milliseconds without a byte after which a connection is taken for dead. Default 45,000: three heartbeats. */
  readTimeout?: number;

  fetch?: typeof globalThis.fetch;
  clock?: Clock;
  environment?: Environment;
}

/** A stream of events that comes back by itself. `for await` over it, or give callbacks, or both. */
export interface Subscription extends AsyncIterable<StreamEvent> {
  readonly state: StreamState;
  /** The id after which the next connection goes on. */
  readonly lastEventId: string;
  /** Kept once the subscription is closed, for whatever reason. */
  readonly closed: Promise<void>;
  /** Ends the subscription. Whatever was queued is dropped. */
  close(): void;
  /** Connects anew at once, as after a login. */
  reconnect(): void;
}

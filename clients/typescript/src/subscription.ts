import { Backoff, longest, type Wait } from './backoff.js';
import { parse, report } from './callbacks.js';
import { systemClock } from './clock.js';
import { watchEnvironment } from './environment.js';
import { checkStatus, StreamError } from './errors.js';
import { type Life, watchLife } from './life.js';
import type { StreamMessage } from './parser.js';
import { BoundedQueue } from './queue.js';
import { race } from './race.js';
import { RecentIds } from './recent-ids.js';
import { eventStream } from './sse.js';
import type {
  Clock, Connection, Environment, StreamEvent, StreamGap, StreamLive, StreamOpen, StreamState, SubscribeOptions, Subscription, Transport,
} from './types.js';

// A connection that lived so long had nothing wrong with it.
const goodLife = 1_000;

/** The subscription: one life after the other, each begun where the one before ended. */
export class EventSubscription implements Subscription {
  readonly closed: Promise<void>;
  readonly #url: string;
  readonly #options: SubscribeOptions;
  readonly #topics: readonly string[];
  readonly #key: string;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #seen: RecentIds;
  readonly #queue: BoundedQueue<StreamEvent>;
  readonly #stopWatching: () => void;
  #resolveClosed!: () => void;

  #state: StreamState = { name: 'connecting' };
  #cursor = '';
  /** `after` of the first connection, and of the first one after the state was loaded. */
  #after: string | undefined;
  #needsState: boolean;
  #wasRefused = false;
  #hadGap = false;
  #isClosed = false;
  #isSuspended = false;
  #isOffline = false;
  #iterates: boolean;
  #unhandled = 0;
  #onIdle: (() => void) | undefined;
  /** Kept when the consumer has taken what it was given, also by a connection that has ended since. */
  #taken: Promise<unknown> | undefined;
  #life: Life | undefined;
  #endWait: ((force?: boolean) => void) | undefined;

  constructor(url: string, options: SubscribeOptions) {
    this.#url = url;
    this.#options = options;
    this.#topics = [options.topics ?? []].flat();
    this.#key = [url, options.format ?? 'raw', ...this.#topics].join(' ');
    this.#transport = options.transport ?? eventStream;
    this.#clock = options.clock ?? systemClock;
    this.#backoff = new Backoff(options.retryMin ?? 1_000, options.retryMax ?? 30_000, () => this.#clock.random());
    this.#seen = new RecentIds(options.dedupe ?? 1_024);
    this.#queue = new BoundedQueue(options.queue ?? 256);
    this.#after = options.after;
    this.#needsState = !!options.getState;
    // Whoever gave no callback is going to iterate, be it later.
    this.#iterates = !options.onEvent;
    this.closed = new Promise(resolve => (this.#resolveClosed = resolve));
    this.#stopWatching = watchEnvironment(
      options.environment ?? (globalThis as unknown as Environment),
      () => this.#suspend(), () => this.#resume(), () => this.#wentOffline(), () => this.#cameOnline());
    if (options.signal?.aborted) this.close();
    else {
      options.signal?.addEventListener('abort', this.#abort);
      // Callbacks are called after the caller has its subscription.
      queueMicrotask(() => void this.#run());
    }
  }

  get state(): StreamState {
    return this.#state;
  }

  get lastEventId(): string {
    return this.#cursor;
  }

  close(): void {
    this.#queue.clear();
    this.#end('closed');
  }

  reconnect(): void {
    if (this.#life) this.#cut(this.#life, 'reconnect');
    else this.#endWait?.(true);
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, undefined> {
    this.#iterates = true;
    let last: StreamEvent | undefined;
    return {
      next: async () => {
        if (last) last = void this.#handled(last.id);
        last = await this.#queue.take();
        return { done: !last, value: last } as IteratorResult<StreamEvent, undefined>;
      },
      return: async () => {
        // Left in the midst of an event, be it by an error: that one was not handled.
        this.close();
        return { done: true, value: undefined };
      },
    };
  }

  readonly #abort = () => this.close();

  async #run(): Promise<void> {
    const { store } = this.#options;
    if (store && this.#after === undefined && !this.#needsState && !this.#isClosed) {
      try {
        this.#cursor = (await store.load(this.#key)) || '';
      } catch {
        // A store that is not there: a page may be forbidden to keep anything.
      }
    }
    while (!this.#isClosed) {
      const life: Life = (this.#life = { controller: new AbortController(), firstByte: 0, lastByte: 0, isReading: false });
      let error: StreamError | undefined;
      try {
        await this.#live(life);
        error = life.reason;
      } catch (thrown) {
        error = life.reason ?? (thrown instanceof StreamError ? thrown : new StreamError('network', undefined, { cause: thrown }));
      }
      this.#life = undefined;
      life.controller.abort();
      if (this.#isClosed) return;
      if (error?.final) return this.#end(error.code, error.status === 204 ? undefined : error);
      await this.#pause(life, error);
    }
  }

  // Runs one connection.
  async #live(life: Life): Promise<void> {
    const { signal } = life.controller;
    const options = this.#options;
    const connection = this.#connection(life);
    this.#set({ name: 'connecting', transport: this.#transport.name, ...(this.#state.reason && { reason: this.#state.reason }) });
    if (signal.aborted) return;
    watchLife(life, this.#clock, options, () => this.#wake(), code => this.#cut(life, code));
    await race(this.#taken, signal);
    if (this.#needsState) await this.#loadState(life);
    if (this.#after !== undefined) connection.query.set('after', this.#after);
    else if (!this.#cursor && options.since) {
      connection.query.set('since', typeof options.since === 'string' ? options.since : options.since.toISOString());
    }
    await connection.authorize().catch((cause: unknown) => {
      throw new StreamError('credentials', undefined, { cause });
    });
    await options.session?.prepare(connection);
    if (signal.aborted) return;
    await race(this.#transport.connect(connection), signal);
  }

  #connection(life: Life) {
    const self = this;
    const options = this.#options;
    const { signal } = life.controller;
    const clock = this.#clock;
    const query = new URLSearchParams(this.#topics.map(topic => ['topic', topic]));
    if (options.format) query.set('format', options.format);
    let headers: Record<string, string> = {};
    const connection: Connection = {
      url: this.#url,
      topics: this.#topics,
      format: options.format ?? 'raw',
      via: this.#transport.name,
      owner: this,
      query,
      options,
      clock,
      signal,
      refused: this.#wasRefused,
      get lastEventId() {
        return self.#after === undefined ? self.#cursor : '';
      },
      reading: () => {
        life.isReading = true;
        life.lastByte = clock.now();
        if (life.firstByte) this.#show(life);
      },
      received: () => {
        life.isReading = false;
        life.lastByte = clock.now();
        life.firstByte ||= life.lastByte;
      },
      message: (message, extra) => this.#message(life, message, extra),
      show: state => {
        if (this.#isCurrent(life)) this.#set(state);
      },
      fetch: async (url, init = {}) => {
        connection.reading();
        const own = { ...headers, ...options.session?.headers() };
        const answer = await race((options.fetch ?? globalThis.fetch)(url, {
          signal,
          credentials: options.credentials as RequestCredentials,
          // They are for this host alone, and a redirect would take them along.
          ...(Object.keys(own).length && { redirect: 'error' }),
          ...init,
          headers: { ...own, ...(init.headers as Record<string, string>) },
        }), signal);
        // What was redirected may come from anybody.
        if (!answer.redirected) options.session?.received(answer);
        checkStatus(answer, clock.now());
        return answer;
      },
      authorize: async () => {
        const { headers: given, token } = options;
        const asked = { ...(typeof given === 'function' ? await this.#ask(life, given) : given) };
        const bearer = token && (await this.#ask(life, signal => token({ signal, refused: this.#wasRefused })));
        headers = bearer ? { ...asked, Authorization: `Bearer ${bearer}` } : asked;
      },
    };
    return (life.connection = connection);
  }

  // Functions of the application have a time in which to answer. Their signal ends with the connection, and that with their failure.
  async #ask<T>({ controller: { signal } }: Life, call: (signal: AbortSignal) => T | PromiseLike<T>): Promise<T> {
    let timer: unknown;
    const late = new Promise<never>((_, reject) => (timer = this.#clock.setTimeout(() => reject(new StreamError('timeout')), Math.min(this.#options.callTimeout ?? 120_000, longest))));
    try {
      return await race(Promise.race([call(signal), late]), signal);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  // The state first, then the stream from where the log stood before: nothing falls between the two.
  async #loadState(life: Life): Promise<void> {
    const { signal } = life.controller;
    let answer;
    try {
      // The consumer may still have what came before, which must not be told over the newer state.
      if (this.#unhandled) await race(new Promise<void>(resolve => (this.#onIdle = resolve)), signal);
      answer = await this.#ask(life, signal => this.#options.getState!({ signal }));
      if (answer && typeof answer !== 'string' && !answer.ok) checkStatus(answer, this.#clock.now());
    } catch (thrown) {
      throw new StreamError('state', undefined, { cause: thrown, retryAfter: (thrown as StreamError).retryAfter });
    } finally {
      // Only a life that goes on after its state is a good one.
      if (life.firstByte) life.firstByte = this.#clock.now();
    }
    const cursor = answer && typeof answer !== 'string' ? answer.headers.get('Event-Cursor') : answer;
    // Where no cursor is known, the state is loaded once more when the stream is open, and what comes waits for it.
    this.#needsState = !cursor && !life.opened;
    // What has come since the stream was opened follows the state; the state's cursor would only lead back.
    if (!cursor || life.opened) return;
    this.#after = cursor;
    this.#cursor = '';
    // It may lie before what was told already, which then belongs to it again.
    this.#seen.clear();
  }

  // With the first bytes a stream may be open, or be told in band that it may not.
  #show(life: Life): void {
    if (this.#isCurrent(life) && this.#state.name === 'connecting') this.#set({ name: 'open', transport: life.connection!.via });
  }

  #message(life: Life, message: StreamMessage, extra?: Partial<StreamEvent>): void | Promise<void> {
    if (!this.#isCurrent(life)) return;
    const { id, type, data } = message;
    if (message.retry !== undefined) {
      this.#backoff.retry = message.retry;
      return;
    }
    if (type !== 'stream.close') {
      this.#wasRefused = false;
      this.#show(life);
      if (life.openId !== undefined && type !== 'stream.open') {
        this.#move(life.openId);
        delete life.openId;
      }
      if (!this.#isCurrent(life)) return;
    }
    if (data === undefined) return this.#move(id);
    if (type.startsWith('stream.')) return this.#control(life, message);
    const isNamed = message.ownId && id;
    if (isNamed && this.#seen.has(id)) return;

    const decoded = this.#decode({ id, type, data, ...extra }, life);
    const take = (event: StreamEvent) => {
      if (!this.#isCurrent(life)) return;
      if (isNamed) this.#seen.add(id);
      if (message.ownId) this.#follow(id);
      return this.#deliver(event, life);
    };
    return decoded instanceof Promise ? race(decoded, life.controller.signal).then(take) : take(decoded);
  }

  #decode(event: StreamEvent, life: Life): StreamEvent | Promise<StreamEvent> {
    const { decode } = this.#options;
    let decoded: StreamEvent | Promise<StreamEvent> = event;
    for (const one of [decode ?? []].flat()) {
      decoded = decoded instanceof Promise ? decoded.then(before => one(before, life.connection!)) : one(decoded, life.connection!);
    }
    return decoded;
  }

  #deliver(event: StreamEvent, life: Life): void | Promise<void> {
    const waits: Promise<unknown>[] = [];
    this.#unhandled++;
    life.isReading = false;
    const answer = this.#call(this.#options.onEvent, event);
    if (this.#isClosed) return;
    if (answer instanceof Promise) waits.push(answer);
    if (this.#iterates) {
      const space = this.#queue.push(event);
      if (space) waits.push(space);
    } else if (answer instanceof Promise) {
      void answer.finally(() => this.#handled(event.id));
    } else {
      this.#handled(event.id);
    }
    if (waits.length) return race((this.#taken = Promise.all(waits)), life.controller.signal) as Promise<any>;
  }

  #control(life: Life, { type, id, data, ownId }: StreamMessage): void | Promise<void> {
    const content = parse(data!);
    if (type === 'stream.open') {
      // A proxy that repeats it must not set the cursor back.
      if (life.opened) return;
      life.opened = true;
      if (ownId) {
        if (content.recovered === false && (this.#cursor || this.#after)) life.openId = id;
        else this.#move(id);
      }
      this.#call(this.#options.onOpen, content as unknown as StreamOpen);
      if (this.#needsState && this.#isCurrent(life)) return this.#loadState(life);
    } else if (type === 'stream.live') {
      this.#set({ ...this.#state, name: 'live' });
      if (this.#isCurrent(life)) this.#call(this.#options.onLive, content as unknown as StreamLive);
    } else if (type === 'stream.gap') {
      if (life.lastGap === data) return;
      life.lastGap = data;
      if (ownId) this.#move(id);
      this.#needsState = !!this.#options.getState;
      this.#call(this.#options.onGap, content as unknown as StreamGap);
      if (this.#needsState) this.#cut(life, 'gap');
    } else if (type === 'stream.close') {
      life.close = { reason: String(content.reason ?? 'ended'), retryMs: Number(content.retryMs) || 0 };
      this.#cut(life, life.close.reason);
    } else if (ownId) {
      this.#move(id);
    }
  }

  // A place in the log that is no event's. One that was there already is a repeat, and behind.
  #move(id: string): void {
    const mark = ' ' + id;
    if ((this.#seen.has(id) || this.#seen.has(mark)) && this.#after === undefined) return;
    if (id) this.#seen.add(mark);
    this.#follow(id);
    if (!this.#unhandled) this.#save(id);
  }

  #follow(id: string): void {
    this.#cursor = id;
    this.#after = undefined;
  }

  #handled(id: string): void {
    this.#unhandled--;
    if (!this.#unhandled) this.#onIdle?.();
    this.#save(this.#unhandled ? id : this.#cursor);
  }

  #save(id: string): void {
    if (id && !this.#isClosed) this.#call(() => this.#options.store?.save(this.#key, id), id);
  }

  // Decides when the next connection is made, and waits for it.
  async #pause(life: Life, error: StreamError | undefined): Promise<void> {
    const { token, retries = Infinity } = this.#options;
    const backoff = this.#backoff;
    const isGood = life.firstByte > 0 && this.#clock.now() - life.firstByte >= goodLife;
    const code = error?.code ?? 'ended';
    const isGap = code === 'gap';
    // A server that comes back may have lost something, once.
    const isAsked = ['reconnect', 'woken', 'rejoin', 'hidden'].includes(code) || (isGap && !this.#hadGap);
    this.#hadGap = isGap && !isGood;
    if (isGood) backoff.failures = 0;
    else if (!isAsked) backoff.failures++;
    if (backoff.failures > retries) return this.#end(code, error);

    const isRefused = error?.status === 401 || ['unauthenticated', 'revoked'].includes(life.close?.reason!);
    // A token that has expired is not waited for: the first time the next one is shown soon.
    const hasAnother = isRefused && !!token && !this.#wasRefused;
    this.#wasRefused ||= isRefused;
    const wait: Wait = isAsked || hasAnother
      ? { floor: 0, total: hasAnother ? this.#clock.random() * goodLife : 0 }
      : backoff.next(life.close?.retryMs, error?.retryAfter);

    await new Promise<void>(resolve => {
      const clock = this.#clock;
      const earliest = clock.now() + wait.floor;
      let timer: unknown;
      const arm = (milliseconds: number) => {
        clock.clearTimeout(timer);
        timer = clock.setTimeout(() => this.#endWait?.(true), milliseconds);
      };
      this.#endWait = force => {
        const left = earliest - clock.now();
        if (!this.#isClosed && this.#isSuspended) return;
        if (!this.#isClosed && !force && left > 0) return arm(left);
        this.#endWait = undefined;
        clock.clearTimeout(timer);
        resolve();
      };
      arm(wait.total);
      this.#set({
        name: 'waiting',
        reason: this.#isSuspended ? 'hidden' : this.#isOffline ? 'offline' : code,
        retryAt: clock.now() + wait.total,
        ...(error && { error }),
      });
    });
  }

  #isCurrent(life: Life): boolean {
    return this.#life === life && !this.#isClosed && !life.controller.signal.aborted;
  }

  #cut(life: Life, code: string): void {
    life.reason ??= new StreamError(code);
    life.controller.abort(life.reason);
  }

  // The page is seen again, or the machine woke up: a connection that missed a heartbeat meanwhile is taken for dead.
  #wake(): void {
    const life = this.#life;
    if (!life) this.#endWait?.();
    else if (life.isReading && this.#clock.now() - life.lastByte > (this.#options.readTimeout ?? 45_000) / 2) {
      this.#cut(life, 'woken');
    }
  }

  #wentOffline(): void {
    this.#isOffline = true;
    if (!this.#life && this.#state.name === 'waiting') this.#set({ ...this.#state, reason: 'offline' });
  }

  // Another network than before: whatever was open is not any more, though nothing says so.
  #cameOnline(): void {
    const wasOffline = this.#isOffline;
    this.#isOffline = false;
    if (wasOffline && this.#life) this.#cut(this.#life, 'woken');
    else this.#wake();
  }

  // The browser keeps the page without letting it run (back-forward cache, freeze); an open connection would keep it from that.
  #suspend(): void {
    this.#isSuspended = true;
    if (this.#life) this.#cut(this.#life, 'hidden');
  }

  #resume(): void {
    this.#isSuspended = false;
    this.#wake();
  }

  #end(reason: string, error?: StreamError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#stopWatching();
    this.#life?.controller.abort();
    this.#endWait?.(true);
    this.#transport.release?.(this);
    this.#options.session?.release(this);
    this.#queue.end(error);
    this.#set({ name: 'closed', reason, ...(error && { error }) }, true);
    this.#resolveClosed();
  }

  #set(state: StreamState, isLast = false): void {
    if (this.#isClosed && !isLast) return;
    this.#state = state;
    this.#call(this.#options.onState, state);
  }

  // What a callback throws is the application's, and said as loudly as what an event listener throws.
  #call<T>(callback: ((value: T) => unknown) | undefined, value: T): unknown {
    if (this.#isClosed && callback !== this.#options.onState) return undefined;
    try {
      const answer = callback?.(value);
      return answer instanceof Promise ? answer.catch(report) : answer;
    } catch (error) {
      report(error);
    }
    return undefined;
  }
}

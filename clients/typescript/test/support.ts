import type { Clock } from '../src/index.js';

/** A clock that goes on only when a test says so. */
export class FakeClock implements Clock {
  #now: number;
  #timers = new Map<number, { at: number; callback: () => void }>();
  #next = 1;
  readonly random: () => number;

  constructor(now = Date.parse('2026-01-01T00:00:00Z'), random: () => number = () => 0.5) {
    this.#now = now;
    this.random = random;
  }

  now(): number {
    return this.#now;
  }

  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, milliseconds: number): unknown {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + Math.max(0, milliseconds), callback });
    return id;
  }

  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** Lets time pass, timer by timer, and lets everything that follows from each happen. */
  async advance(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds;
    await settle();
    for (;;) {
      const [id, timer] = [...this.#timers].sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0] ?? [];
      if (!timer || timer.at > until) break;
      this.#timers.delete(id!);
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
      await settle();
    }
    this.#now = until;
    await settle();
  }

  /** The machine sleeps: time passes and no timer fires. */
  sleep(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Passes time until something is true. Fails after so many timers. */
  async until(condition: () => boolean, what = String(condition), timers = 10_000): Promise<void> {
    for (let i = 0; i < timers; i++) {
      await settle(() => !condition());
      if (condition()) return;
      const next = Math.min(...[...this.#timers.values()].map(timer => timer.at));
      if (next === Infinity) break;
      await this.advance(next - this.#now);
    }
    throw new Error(`It never came to be: ${what}`);
  }
}

/** Lets everything happen that needs no time to pass. */
export async function settle(goOn: () => boolean = () => true): Promise<void> {
  for (let i = 0; i < 8 && goOn(); i++) await new Promise<void>(resolve => setImmediate(resolve));
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A connection of the fake server, which a test writes to. */
export class FakeConnection {
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  isCancelled = false;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #answer!: (response: Response) => void;
  #fail!: (error: unknown) => void;
  readonly answered: Promise<Response>;
  readonly #body: ReadableStream<Uint8Array>;

  constructor(url: string, init: RequestInit | undefined) {
    this.url = new URL(url, 'http://server');
    this.headers = new Headers(init?.headers);
    this.signal = init?.signal ?? undefined;
    this.answered = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
    this.#body = new ReadableStream<Uint8Array>({
      start: controller => void (this.#controller = controller),
      cancel: () => void (this.isCancelled = true),
    });
    this.signal?.addEventListener('abort', () => {
      this.#fail(this.signal!.reason);
      try {
        this.#controller.error(this.signal!.reason);
      } catch { /* It had ended. */ }
    }, { once: true });
  }

  get query(): URLSearchParams {
    return this.url.searchParams;
  }

  /** Answers with an event stream that stays open. */
  open(text = '', headers: Record<string, string> = {}): this {
    this.#answer(new Response(this.#body, { status: 200, headers: { 'Content-Type': 'text/event-stream', ...headers } }));
    if (text) this.send(text);
    return this;
  }

  /** Answers with an event stream that begins as the server's do. */
  begin({ id = 'e-0', recovered = true, retry = 1000 } = {}): this {
    return this.open(`retry: ${retry}\n\nid: ${id}\nevent: stream.open\ndata: ${JSON.stringify({ session: 's', recovered, epoch: 'e', latest: id })}\n\n`);
  }

  live(replayed = 0): this {
    return this.send(`event: stream.live\ndata: {"replayed":${replayed},"latest":"e-0"}\n\n`);
  }

  event(id: string, data = id, type = 'order.created'): this {
    return this.send(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`);
  }

  send(text: string | Uint8Array): this {
    if (!this.isCancelled) this.#controller.enqueue(typeof text === 'string' ? bytesOf(text) : text);
    return this;
  }

  /** How many chunks wait to be read; negative when none does. */
  get desiredSize(): number {
    return this.#controller.desiredSize ?? 0;
  }

  end(): void {
    if (!this.isCancelled) this.#controller.close();
  }

  cut(): void {
    if (!this.isCancelled) this.#controller.error(new TypeError('terminated'));
  }

  answer(status: number, headers: Record<string, string> = {}, body: string | null = ''): this {
    this.#answer(new Response(status === 204 ? null : body, { status, headers }));
    return this;
  }

  refuse(): this {
    this.#fail(new TypeError('fetch failed'));
    return this;
  }
}

/** A server that a test speaks for: each request waits until the test answers it. */
export class FakeServer {
  readonly connections: FakeConnection[] = [];

  readonly fetch: typeof globalThis.fetch = (url, init) => {
    const connection = new FakeConnection(String(url), init);
    this.connections.push(connection);
    this.onConnect?.(connection);
    return connection.answered;
  };

  constructor(public onConnect?: (connection: FakeConnection) => void) {}

  get last(): FakeConnection {
    return this.connections.at(-1)!;
  }
}

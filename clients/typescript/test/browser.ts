import type { Channel, Locks } from '../src/shared.js';

interface Request {
  callback: () => Promise<void>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Web Locks of one browser, exclusive ones only. */
export class FakeLocks implements Locks {
  #held = new Map<string, Request>();
  #queues = new Map<string, Request[]>();

  request(name: string, { steal, signal }: { steal?: boolean; signal?: AbortSignal }, callback: () => Promise<void>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const request: Request = { callback, resolve, reject };
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      if (steal) {
        this.#held.get(name)?.reject(new DOMException('stolen', 'AbortError'));
        this.#grant(name, request);
        return;
      }
      queue.push(request);
      signal?.addEventListener('abort', () => {
        const at = queue.indexOf(request);
        if (at < 0) return;
        queue.splice(at, 1);
        reject(signal.reason);
      }, { once: true });
      queueMicrotask(() => this.#next(name));
    });
  }

  #next(name: string): void {
    if (this.#held.has(name)) return;
    const request = this.#queues.get(name)?.shift();
    if (request) this.#grant(name, request);
  }

  #grant(name: string, request: Request): void {
    this.#held.set(name, request);
    queueMicrotask(() => void request.callback().then(request.resolve, request.reject).finally(() => {
      if (this.#held.get(name) !== request) return;
      this.#held.delete(name);
      this.#next(name);
    }));
  }
}

/** Broadcast channels of one browser; a tab can be frozen, and hears when it wakes up what was said meanwhile. */
export class FakeChannels {
  readonly #channels = new Set<FakeChannel>();

  open(tab: FakeTab): (name: string) => Channel {
    return name => {
      const channel = new FakeChannel(name, tab, this.#channels);
      this.#channels.add(channel);
      return channel;
    };
  }
}

export class FakeTab {
  isFrozen = false;
  isDead = false;
  readonly missed: (() => void)[] = [];

  do(what: () => void): void {
    if (this.isDead) return;
    if (this.isFrozen) this.missed.push(what);
    else what();
  }

  wake(): void {
    this.isFrozen = false;
    for (const what of this.missed.splice(0)) what();
  }
}

class FakeChannel implements Channel {
  #listeners: ((event: { data: unknown }) => void)[] = [];

  constructor(readonly name: string, readonly tab: FakeTab, readonly all: Set<FakeChannel>) {}

  postMessage(message: unknown): void {
    if (!this.all.has(this)) throw new DOMException('closed', 'InvalidStateError');
    if (this.tab.isDead) return;
    const data = structuredClone(message);
    for (const other of this.all) {
      if (other === this || other.name !== this.name) continue;
      queueMicrotask(() => other.tab.do(() => {
        if (this.all.has(other)) for (const listener of other.#listeners) listener({ data });
      }));
    }
  }

  addEventListener(_: 'message', listener: (event: { data: unknown }) => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.all.delete(this);
  }
}

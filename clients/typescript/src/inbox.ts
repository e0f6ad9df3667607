/** Hands on, one after the other, what cannot be asked to wait: messages of sockets and channels. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  readonly #handle: (item: T) => void | Promise<void>;
  readonly #done: (error?: unknown) => void;
  #isRunning = false;
  #isFull = false;
  #ended: { error?: unknown } | undefined;
  /** Kept when the last item was handled, or one could not be. */
  readonly finished: Promise<void>;

  /** @param limit More items than that are not taken: the inbox is then closed, and the sender asked again from the cursor. */
  constructor(limit: number, handle: (item: T) => void | Promise<void>) {
    this.#limit = limit;
    this.#handle = handle;
    let done!: (error?: unknown) => void;
    this.finished = new Promise<void>((resolve, reject) => (done = error => (error === undefined ? resolve() : reject(error))));
    // Whoever waits for it gets the error; it is no one else's.
    this.finished.catch(() => {});
    this.#done = done;
  }

  /** Something was not handed on yet. */
  get isBusy(): boolean {
    return this.#isRunning || this.#items.length > 0;
  }

  /** Takes an item. @returns Whether there was room. */
  push(item: T): boolean {
    if (this.#ended || this.#isFull) return false;
    if (this.#items.length >= this.#limit) {
      this.#isFull = true;
      return false;
    }
    this.#items.push(item);
    if (!this.#isRunning) void this.#run();
    return true;
  }

  /** Nothing more comes; what is there is still handed on. */
  end(error?: unknown): void {
    this.#ended ??= { error };
    if (!this.#isRunning) this.#done(this.#ended.error);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
        const taken = this.#handle(item);
        if (taken) await taken;
      }
      this.#isRunning = false;
      if (this.#ended) this.#done(this.#ended.error);
    } catch (error) {
      this.#ended = { error };
      this.#items.length = 0;
      this.#done(error);
    }
  }
}

/** Items that wait for their consumer. Who puts in waits where there are too many; nothing is dropped. */
export class BoundedQueue<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  #ended?: { error?: Error };
  #wantsItem: (() => void)[] = [];
  #wantsSpace: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = Math.max(1, limit);
  }

  /** Puts an item in. Where that fills the queue, gives a promise that is kept when there is space again. */
  push(item: T): void | Promise<void> {
    this.#items.push(item);
    this.#wantsItem.shift()?.();
    // Not at each item: the network is read again when half of them are gone.
    if (this.#items.length >= this.#limit) return new Promise(resolve => this.#wantsSpace.push(resolve));
  }

  /** Takes the next item; `undefined` after the last one. Throws the error that ended the queue. */
  async take(): Promise<T | undefined> {
    while (!this.#items.length && !this.#ended) await new Promise<void>(resolve => this.#wantsItem.push(resolve));
    const item = this.#items.shift();
    if (this.#items.length <= this.#limit / 2) wake(this.#wantsSpace);
    if (item === undefined && this.#ended?.error) throw this.#ended.error;
    return item;
  }

  /** Nothing more comes. */
  end(error?: Error): void {
    this.#ended ??= error ? { error } : {};
    wake(this.#wantsItem);
  }

  clear(): void {
    this.#items.length = 0;
    wake(this.#wantsSpace);
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}

/** As much of the Web Locks API as is needed. */
export interface Locks {
  request(name: string, options: { steal?: boolean; signal?: AbortSignal }, callback: () => Promise<void>): Promise<unknown>;
}

/** One tab's place in the queue for a lock: who holds it leads. */
export class Leadership {
  readonly #locks: Locks;
  readonly #name: string;
  readonly #gained: () => void;
  readonly #lost: () => void;
  #request: { cancel: AbortController; release?: () => void } | undefined;
  #isForbidden = false;

  /** @param gained Called when this tab leads. @param lost Called when the lead was taken from it; not when it is given up. */
  constructor(locks: Locks, name: string, gained: () => void, lost: () => void) {
    this.#locks = locks;
    this.#name = name;
    this.#gained = gained;
    this.#lost = lost;
  }

  get isHeld(): boolean {
    return !!this.#request?.release;
  }

  /** Stands in line, unless it does already. */
  queue(): void {
    if (!this.#request && !this.#isForbidden) this.#ask(false);
  }

  /** Takes the lead from a tab that no longer answers. */
  take(): void {
    if (this.isHeld || this.#isForbidden) return;
    this.giveUp();
    this.#ask(true);
  }

  /** Leaves the line, or gives the lead to the next. */
  giveUp(): void {
    const request = this.#request;
    this.#request = undefined;
    request?.release?.();
    request?.cancel.abort();
  }

  #ask(steal: boolean): void {
    const request: { cancel: AbortController; release?: () => void } = (this.#request = { cancel: new AbortController() });
    this.#locks
      // The two exclude each other (Web Locks, section 2.4).
      .request(this.#name, steal ? { steal } : { signal: request.cancel.signal }, () => {
        if (this.#request !== request) return Promise.resolve();
        return new Promise<void>(resolve => {
          request.release = resolve;
          this.#gained();
        });
      })
      .catch(() => {
        // Given up, or taken by another tab, which had waited in vain for an answer.
        if (this.#request !== request) return;
        this.#request = undefined;
        if (request.release) this.#lost();
        // A document that may have no locks, such as one in a sandbox: it reads on its own.
        else this.#isForbidden = true;
      });
  }
}

// A day. `setTimeout` takes 24 of them and then fires at once; and who is told to wait longer may well ask once a day.
export const longest = 86_400_000;

/** How long to wait before the next connection. */
export interface Wait {
  /** Until then in any case: the server says so. */
  floor: number;
  total: number;
}

/** Exponential back-off with full jitter, on top of what the server asks for. */
export class Backoff {
  /** Connections in a row that failed. */
  failures = 0;
  /** What `retry:` said, in milliseconds. Servers draw it at random, so that a crowd doesn't come back at once. */
  retry: number | undefined;
  readonly #min: number;
  readonly #max: number;
  readonly #random: () => number;

  constructor(min: number, max: number, random: () => number) {
    this.#min = min;
    this.#max = max;
    this.#random = random;
  }

  /**
   * @param exactly What `stream.close` said: drawn for this client alone, so nothing is added, unless it is nearly nothing again and again.
   * @param atLeast What `Retry-After` said: the same for everybody, so jitter is added.
   */
  next(exactly = 0, atLeast = 0): Wait {
    const base = Math.max(this.retry ?? 0, exactly);
    if (exactly > 0 && (exactly >= this.#min || this.failures < 2)) {
      const floor = Math.min(exactly, longest);
      return { floor, total: floor };
    }
    // A connection that had lived and was cut comes back as `retry:` says.
    const jitter = this.retry !== undefined && !this.failures && !atLeast
      ? 0
      : this.#random() * Math.min(this.#max, Math.max(this.#min, base) * 2 ** Math.max(0, this.failures - 1));
    return { floor: Math.min(atLeast, longest), total: Math.min(Math.max(base, atLeast) + jitter, longest) };
  }
}

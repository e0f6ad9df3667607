/** The ids that came last, to know repeats by. */
export class RecentIds {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  clear(): void {
    this.#ids.clear();
  }

  add(id: string): void {
    // A set keeps the order in which its members came.
    this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size > this.#limit) for (const oldest of this.#ids) return void this.#ids.delete(oldest);
  }
}

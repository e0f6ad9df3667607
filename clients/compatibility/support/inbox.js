// What a client gave its user, and waiting for it.
const patience = 20_000;

export class Inbox {
  #watchers = new Set();
  #ids = new Set();

  /** All that came, repeats too. */
  events = [];

  /** What came of other types than the server's own, without repeats, as a user keeps it. */
  payload = [];

  add(event) {
    this.events.push(event);
    if (!event.type.startsWith('stream.') && !this.#ids.has(event.id)) {
      this.#ids.add(event.id);
      this.payload.push(event);
    }
    for (const watcher of this.#watchers)
      watcher();
  }

  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  of(type) {
    return this.events.filter(event => event.type === type);
  }

  /** Waits for the first of a type. */
  first(type) {
    return until(() => this.of(type)[0], `an event of type ${type}`, this);
  }

  /** Waits until `count` events have come that are not the server's own. */
  async received(count) {
    await until(() => this.payload.length >= count, () => `${count} events; ${this.payload.length} came`, this);
    return this.payload;
  }
}

/** The data of an event, which is text in the raw format and a value in a CloudEvent. */
export function json({ data }) {
  return typeof data === 'string' ? JSON.parse(data) : data;
}

/** Waits for what the answer is to, asking again whenever one of the sources says that something happened. */
export function until(answer, what, ...sources) {
  return new Promise((resolve, reject) => {
    const ends = [];
    const look = () => {
      const found = answer();
      if (!found)
        return;
      end();
      resolve(found);
    };
    const end = () => {
      clearTimeout(timer);
      ends.forEach(stop => stop());
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error(`Waited in vain for ${typeof what === 'function' ? what() : what}.`));
    }, patience);
    sources.forEach(source => ends.push(source.watch(look)));
    look();
  });
}

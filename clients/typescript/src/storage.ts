import type { CursorStore } from './types.js';

const prefix = 'event-cursor ';

/** Keeps the cursor over a reload of the page, for this tab alone. Where the browser forbids it, nothing is kept. */
export function sessionStore(): CursorStore {
  return storage(() => globalThis.sessionStorage);
}

/** Keeps the cursor for all visits. Tabs take each other's place: use it where one reads the stream. */
export function localStore(): CursorStore {
  return storage(() => globalThis.localStorage);
}

/** Keeps the cursor in anything that looks like the browser's storage. */
export function storage(get: () => Pick<Storage, 'getItem' | 'setItem'>): CursorStore {
  return {
    load: key => {
      try {
        return get().getItem(prefix + key);
      } catch {
        return null;
      }
    },
    save: (key, cursor) => {
      try {
        get().setItem(prefix + key, cursor);
      } catch {
        // Full or forbidden: after a reload the stream then begins with what comes next.
      }
    },
  };
}

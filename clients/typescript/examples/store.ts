import { subscribe, type StreamEvent, type StreamState, type SubscribeOptions } from '@buffkit/client';

/** A store with the contract of Svelte's: `subscribe` calls at once, at each change, and returns what ends it. */
export interface EventStore<T> {
  subscribe(run: (value: { data: T; state: StreamState }) => void): () => void;
}

/** Folds events into a value. The stream is open as long as somebody subscribes to the store. */
export function eventStore<T>(url: string, options: SubscribeOptions, initial: T, fold: (data: T, event: StreamEvent) => T): EventStore<T> {
  let value = { data: initial, state: { name: 'connecting' } as StreamState };
  const listeners = new Set<(value: { data: T; state: StreamState }) => void>();
  let close: (() => void) | undefined;
  let after: string | undefined;

  function set(next: Partial<typeof value>): void {
    value = { ...value, ...next };
    for (const run of listeners) run(value);
  }

  return {
    subscribe(run) {
      // Each subscriber is one of its own, even where two give the same function.
      const listener: typeof run = next => run(next);
      listeners.add(listener);
      if (!close) {
        const stream = subscribe(url, {
          ...options,
          // Whoever comes back goes on where the last one left.
          ...(after && { after }),
          onEvent: event => set({ data: fold(value.data, event) }),
          onState: state => set({ state }),
        });
        close = () => {
          after = stream.lastEventId;
          stream.close();
        };
      }
      run(value);
      return () => {
        listeners.delete(listener);
        if (listeners.size) return;
        close?.();
        close = undefined;
      };
    },
  };
}

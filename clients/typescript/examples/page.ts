import { subscribe } from '@buffkit/client';
import { fallback } from '@buffkit/client/fallback';
import { shared } from '@buffkit/client/shared';
import { describe } from '@buffkit/client/words';

interface Order {
  id: number;
}

/** A page that shows orders: the state first, then each change. */
export function showOrders(show: (orders: Order[]) => void, add: (order: Order) => void, say: (sentence: string) => void) {
  return subscribe('/events', {
    topics: 'orders/**',
    transport: shared(fallback()),
    async getState({ signal }) {
      const response = await fetch('/orders', { signal });
      if (response.ok) show((await response.json()) as Order[]);
      return response;
    },
    onEvent: event => add(JSON.parse(event.data) as Order),
    onState: state => say(describe(state)),
  });
}

import { subscribe } from '@buffkit/client';

/** A program that handles each event once it has handled the one before, and reads no faster than it can. */
export async function handleOrders(url: string, token: () => Promise<string>, handle: (order: unknown) => Promise<void>, signal: AbortSignal) {
  for await (const event of subscribe(url, { topics: 'orders/**', token, signal })) {
    if (event.type === 'order.created') await handle(JSON.parse(event.data));
  }
}

import { setTimeout } from 'node:timers/promises';
import { HTTP } from 'cloudevents';

export function subscribe(url, types, onEvent) {
  const controller = new AbortController();
  poll(url, onEvent, controller.signal).catch(error => controller.signal.aborted || Promise.reject(error));
  return () => controller.abort();
}

async function poll(url, onEvent, signal) {
  for (;;) {
    let retry = 1_000;
    try {
      const response = await fetch(url, { headers: { Accept: 'application/cloudevents-batch+json' }, signal });
      if (!response.ok) {
        retry = 1_000 * (response.headers.get('Retry-After') ?? 1);
        throw new Error(`The server answered ${response.status}.`);
      }
      const batch = HTTP.toEvent({ headers: Object.fromEntries(response.headers), body: await response.text() });
      for (const { id, type, data, data_base64 } of batch)
        onEvent({ id, type, data: data_base64 ?? data });
      // Where the next batch begins.
      url = new URL(/<([^>]*)>; rel="next"/.exec(response.headers.get('Link'))[1], url);
    } catch {
      await setTimeout(retry, undefined, { signal });
    }
  }
}

import { fetchEventSource } from '@microsoft/fetch-event-source';

export function subscribe(url, types, onEvent) {
  const controller = new AbortController();
  fetchEventSource(url, {
    signal: controller.signal,
    // Otherwise it leaves when the page is hidden, and comes back when it is shown.
    openWhenHidden: true,
    onmessage: ({ id, event, data }) => onEvent({ id, type: event, data }),
    // A stream that the server ends is the end, unless this throws.
    onclose() {
      throw new Error('The server ended the stream.');
    },
    // Nothing returned means: wait for as long as the server's 'retry:' said. What is thrown here is the end.
    onerror() {},
  });
  return () => controller.abort();
}

import assert from 'node:assert/strict';
import { json } from '../support/inbox.js';
import { fillUp } from '../support/places.js';
import { Proxy } from '../support/proxy.js';

export default async function throttle(t, { api, begin }) {
  const places = await fillUp(t, api);
  const proxy = await new Proxy(api).start();
  t.after(() => proxy.dispose());

  const inbox = begin(proxy.url, 'topic=throttle');

  const close = json(await inbox.first('stream.close'));
  assert.equal(close.reason, 'limit');
  assert.ok(close.retryMs >= 15_000, `${close.retryMs} ms`);
  // It obeys 'retry:', and does not come back within what would be several of its own times.
  await places.heartbeats(3);
  assert.equal(proxy.connections, 1);
}

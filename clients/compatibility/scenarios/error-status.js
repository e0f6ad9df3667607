import assert from 'node:assert/strict';
import { until } from '../support/inbox.js';
import { watchHeartbeats } from '../support/places.js';
import { Proxy } from '../support/proxy.js';
import { publishNumbers } from '../support/publish.js';

export default async function errorStatus(t, { api, client, subscribe }) {
  const proxy = await new Proxy(api).start();
  t.after(() => proxy.dispose());
  const inbox = await subscribe(proxy.url, 'topic=error-status', ['number']);
  await publishNumbers(api, 'error-status', 0, 2);
  await inbox.received(2);

  proxy.isBroken = true;
  proxy.cutAll();
  await until(() => proxy.errors >= (client.givesUp ? 1 : 2), 'the client to come again', proxy);

  if (client.givesUp) {
    const heartbeats = await watchHeartbeats(t, api);
    await heartbeats(2);
    assert.equal(proxy.errors, 1);
    return;
  }

  await publishNumbers(api, 'error-status', 2, 3);
  proxy.isBroken = false;
  assert.deepEqual((await inbox.received(5)).map(event => Number(event.data)), [0, 1, 2, 3, 4]);
  assert.deepEqual(inbox.of('stream.gap'), []);
}

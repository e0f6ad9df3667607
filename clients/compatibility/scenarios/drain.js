import assert from 'node:assert/strict';
import { json } from '../support/inbox.js';
import { Proxy } from '../support/proxy.js';
import { publishNumbers } from '../support/publish.js';

export default async function drain(t, { api, client, subscribe }) {
  const proxy = await new Proxy(api).start();
  t.after(() => proxy.dispose());
  const inbox = await subscribe(proxy.url, 'topic=drain', ['number']);
  await publishNumbers(api, 'drain', 0, 5);
  await inbox.received(5);

  // The client cannot be back before there is something that it missed.
  proxy.leave();
  await api.stop();
  if (!client.isPoll)
    assert.equal(json(await inbox.first('stream.close')).reason, 'drain');
  await api.start();
  await publishNumbers(api, 'drain', 5, 5);
  await proxy.start();

  const received = await inbox.received(10);
  assert.deepEqual(received.map(event => Number(event.data)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(inbox.of('stream.gap'), []);
}

import assert from 'node:assert/strict';
import { Proxy } from '../support/proxy.js';
import { publishNumbers } from '../support/publish.js';

export default async function kill(t, { api, subscribe }) {
  const proxy = await new Proxy(api).start();
  t.after(() => proxy.dispose());
  const inbox = await subscribe(proxy.url, 'topic=kill', ['number']);
  await publishNumbers(api, 'kill', 0, 5);
  await inbox.received(5);

  // Nobody knows how much of this has reached the client when the server is gone, and it is not back before there is more.
  proxy.leave();
  await publishNumbers(api, 'kill', 5, 500);
  await api.kill();
  await api.start();
  await publishNumbers(api, 'kill', 505, 5);
  await proxy.start();

  const received = await inbox.received(510);
  assert.deepEqual(received.map(event => Number(event.data)), Array.from({ length: 510 }, (_, i) => i));
  assert.deepEqual(inbox.of('stream.gap'), []);
}

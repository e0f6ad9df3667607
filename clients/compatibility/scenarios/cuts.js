import assert from 'node:assert/strict';
import { until } from '../support/inbox.js';
import { Proxy } from '../support/proxy.js';
import { publishNumbers } from '../support/publish.js';
import { random } from '../support/random.js';

const perCall = 20;

export default async function cuts(t, { api, client, subscribe }) {
  const next = random(20261128);
  const wanted = client.cuts ?? 12;
  const proxy = await new Proxy(api, client.takesIdEarly ? /\nid: [^\n]*\n$/ : null).start();
  t.after(() => proxy.dispose());
  proxy.cutAfter(() => proxy.cuts < wanted ? 1_000 + Math.floor(next() * 4_000) : Infinity);
  const inbox = await subscribe(proxy.url, 'topic=cuts', ['number']);

  // The flow goes on whenever something comes of it: what was sent has arrived, or was cut, or the client is back.
  let sent = 0;
  while (proxy.cuts < wanted) {
    const { cuts, connections } = proxy;
    await publishNumbers(api, 'cuts', sent, perCall);
    sent += perCall;
    await until(() => inbox.payload.length >= sent || proxy.cuts > cuts || proxy.connections > connections, `news of event ${sent}`, inbox, proxy);
  }

  const received = await inbox.received(sent);
  assert.deepEqual(received.map(event => Number(event.data)), Array.from({ length: sent }, (_, i) => i));
  assert.deepEqual(inbox.of('stream.gap'), []);
  assert.ok(proxy.connections > wanted);
}

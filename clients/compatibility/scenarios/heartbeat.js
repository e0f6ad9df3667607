import assert from 'node:assert/strict';
import { json, until } from '../support/inbox.js';
import { Proxy } from '../support/proxy.js';
import { publish } from '../support/publish.js';

export default async function heartbeat(t, { api, subscribe }) {
  await t.test('comments keep the connection alive, and nobody sees them', async () => {
    const proxy = await new Proxy(api).start();
    t.after(() => proxy.dispose());
    const inbox = await subscribe(proxy.url, 'topic=heartbeat', ['after']);
    const began = proxy.chunks;
    await until(() => proxy.chunks >= began + 2, 'two heartbeats', proxy);

    await publish(api, [{ topic: 'heartbeat', type: 'after', data: 1 }]);
    await inbox.first('after');

    assert.deepEqual(inbox.events.map(event => event.type), ['stream.open', 'stream.live', 'after']);
    assert.equal(proxy.connections, 1);
  });

  await t.test('events are seen where they are asked for', async () => {
    const inbox = await subscribe(api.url, 'topic=heartbeat&heartbeat=event');

    const beat = await inbox.first('stream.heartbeat');

    assert.deepEqual([beat.id, json(beat)], [inbox.of('stream.open')[0].id, {}]);
  });
}

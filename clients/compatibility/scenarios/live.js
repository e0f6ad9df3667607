import assert from 'node:assert/strict';
import { json } from '../support/inbox.js';
import { publish } from '../support/publish.js';

export default async function live(t, { api, client, subscribe }) {
  const inbox = await subscribe(api.url, 'topic=live/*', ['greeting']);
  if (!client.isPoll) {
    assert.equal(json(inbox.of('stream.open')[0]).recovered, false);
    assert.equal(json(inbox.of('stream.live')[0]).replayed, 0);
  }

  const [id] = await publish(api, [{ topic: 'live/1', type: 'greeting', data: 'Ciao' }]);

  assert.deepEqual(await inbox.received(1), [{ id, type: 'greeting', data: 'Ciao' }]);
}

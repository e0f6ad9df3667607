import assert from 'node:assert/strict';
import { publishNumbers } from '../support/publish.js';

const count = 10_000;
const perCall = 1_000;

export default async function burst(t, { api, subscribe }) {
  const inbox = await subscribe(api.url, 'topic=burst', ['number']);

  const ids = [];
  for (let from = 0; from < count; from += perCall)
    ids.push(...await publishNumbers(api, 'burst', from, perCall));

  const received = await inbox.received(count);
  assert.deepEqual(received.map(event => Number(event.data)), Array.from({ length: count }, (_, i) => i));
  assert.deepEqual(received.map(event => event.id), ids);
}

import assert from 'node:assert/strict';
import { CloudEvent, emitterFor, httpTransport, HTTP, Mode } from 'cloudevents';
import { subscribe } from '../clients/cloudevents.js';
import { matrix } from '../support/matrix.js';
import { fillUp } from '../support/places.js';

matrix({
  name: 'cloudevents',
  subscribe,
  form: 'cloudevents',
  isPoll: true,
  // It waits for a second before it asks again.
  cuts: 4,
  cannot: {
    heartbeat: 'A long poll is answered when its time is over; it has no heartbeat.',
    throttle: 'A long poll that is refused has a status.',
  },
  instead: {
    async throttle(t, { api }) {
      await fillUp(t, api);

      const response = await fetch(`${api.url}?topic=throttle`, { headers: { Accept: 'application/cloudevents-batch+json' } });

      assert.equal(response.status, 429);
      assert.ok(Number(response.headers.get('Retry-After')) >= 15);
    },
  },
  besides: {
    async 'publishes what it then reads'(t, { api, subscribe: begin }) {
      const inbox = await begin(api.url, 'topic=emitted');
      const event = new CloudEvent({ source: '/shop', type: 'order.created', topic: 'emitted', subject: '42', data: { item: 'Espresso' } });

      for (const mode of [Mode.BINARY, Mode.STRUCTURED])
        await emitterFor(httpTransport(api.url), { mode })(event);

      assert.deepEqual((await inbox.received(2)).map(({ type, data }) => [type, data]), Array(2).fill(['order.created', { item: 'Espresso' }]));
    },
    async 'keeps what the publisher said'(t, { api }) {
      const event = new CloudEvent({ source: '/shop', type: 'order.created', topic: 'kept', subject: '42', data: 'x' });
      const { headers, body } = HTTP.structured(event);
      const published = await fetch(api.url, { method: 'POST', headers, body });
      assert.equal(published.status, 202);

      const response = await fetch(`${api.url}?topic=kept&after=earliest`, { headers: { Accept: 'application/cloudevents-batch+json' } });
      const [received] = HTTP.toEvent({ headers: Object.fromEntries(response.headers), body: await response.text() });

      assert.deepEqual(
        [received.source, received.subject, received.type, received.originid, received.data], ['/shop', '42', 'order.created', event.id, 'x']);
    },
  },
});

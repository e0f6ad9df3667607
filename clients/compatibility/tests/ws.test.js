import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import { subscribe } from '../clients/ws.js';
import { matrix } from '../support/matrix.js';
import { fillUp } from '../support/places.js';

matrix({
  name: 'ws',
  subscribe,
  form: 'cloudevents',
  // It waits for a second or two before it comes back.
  cuts: 4,
  cannot: { throttle: 'A WebSocket that is refused has a status.' },
  instead: {
    async throttle(t, { api }) {
      await fillUp(t, api);
      const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws?topic=throttle`, 'cloudevents.json');

      const [request, response] = await once(socket, 'unexpected-response');

      request.destroy();
      assert.equal(response.statusCode, 429);
      assert.ok(Number(response.headers['retry-after']) >= 15);
    },
  },
});

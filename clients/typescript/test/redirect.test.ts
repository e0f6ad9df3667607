import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { subscribe, type SubscribeOptions } from '../src/index.js';
import { session } from '../src/session.js';

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const stream = ':\n\nid: e-1\nevent: stream.open\ndata: {"recovered":true}\n\n';

// A server that sends everybody to another host, as one that was taken over, or has an open redirect, may do.
async function redirected(options: SubscribeOptions, until: 'open' | 'waiting') {
  const other: IncomingHttpHeaders[] = [];
  const own: IncomingHttpHeaders[] = [];
  await using away = await serve((request, response) => {
    other.push(request.headers);
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Session-Token': 'foreign' }).end(stream);
  });
  await using home = await serve((request, response) => {
    own.push(request.headers);
    response.writeHead(307, { Location: away.url + request.url }).end();
  });
  const subscription = subscribe(`${home.url}/events`, {
    topics: 'a', environment: {}, retryMin: 1, retryMax: 1, onEvent() {}, ...options,
    onState: state => {
      if ((until === 'open' ? other : own).length >= 2 && state.name === 'waiting') subscription.close();
    },
  });
  await subscription.closed;
  return { own, other };
}

for (const [what, options] of Object.entries<() => SubscribeOptions>({
  'headers of the caller': () => ({ headers: { 'X-Api-Key': 'secret' } }),
  'a bearer token': () => ({ token: () => 'secret' }),
  'a session’s token': () => ({ session: { prepare: async () => {}, headers: () => ({ 'Session-Token': 'secret' }), received() {}, release() {} } }),
})) {
  test(`a redirect is not followed with ${what}`, { timeout: 10_000 }, async () => {
    const { own, other } = await redirected(options(), 'waiting');
    assert.ok(own.length >= 2);
    assert.deepEqual(other, []);
  });
}

test('a redirect is followed where nothing is told but what is asked for', { timeout: 10_000 }, async () => {
  const { other } = await redirected({}, 'open');
  assert.ok(other.length >= 2);
});

test('a session’s token of another host is not taken', { timeout: 10_000 }, async () => {
  const { own, other } = await redirected({ session: session() }, 'waiting');
  assert.ok(other.length > 0, 'the other host was asked');
  for (const headers of [...own, ...other]) assert.equal(headers['session-token'], undefined);
});

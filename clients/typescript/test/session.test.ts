import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subscribe, type SubscribeOptions } from '../src/index.js';
import { session } from '../src/session.js';
import { FakeClock, FakeConnection, settle } from './support.js';

const hour = 3_600_000;

function start(options: SubscribeOptions & { skew?: number; lifetime?: number; cookie?: boolean; stranger?: boolean } = {}) {
  const { skew = 0, lifetime = hour, cookie, stranger, ...rest } = options;
  const clock = new FakeClock();
  const posts: Headers[] = [];
  const streams: FakeConnection[] = [];
  let number = 0;
  const given = () => (number++, cookie
    ? { 'Set-Cookie': `event-session=token%2D${number}; path=/; httponly` }
    : { 'Session-Token': `token-${number}` });
  const stream = subscribe('http://server/events?tenant=1', {
    topics: ['a'],
    clock,
    environment: {},
    onEvent() {},
    session: session(),
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers);
      if (init?.method === 'POST') {
        assert.equal(String(url), 'http://server/events/session');
        posts.push(headers);
        if (stranger) return new Response('', { status: 401 });
        const serverNow = clock.now() + skew;
        return Response.json({ session: 's', subject: 'ada', expires: new Date(serverNow + lifetime).toISOString() }, {
          headers: { Date: new Date(serverNow).toUTCString(), ...given() },
        });
      }
      const connection = new FakeConnection(String(url), init);
      streams.push(connection);
      connection.open('retry: 1000\n\n', given());
      connection.send('id: e-0\nevent: stream.open\ndata: {"recovered":true}\n\n').live();
      return connection.answered;
    },
    ...rest,
  });
  const beat = async (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += 20_000) {
      await clock.advance(20_000);
      streams.at(-1)!.send(':\n');
    }
  };
  return { clock, stream, posts, streams, beat };
}

test('credentials become a session before the stream is opened, and the token goes with it', async () => {
  const { stream, posts, streams } = start({ token: () => 'jwt' });
  await settle();
  assert.equal(posts[0]!.get('Authorization'), 'Bearer jwt');
  assert.equal(streams[0]!.headers.get('Session-Token'), 'token-1');
  stream.close();
});

test('the newest token is brought, also where it came as a cookie that can be read', async () => {
  const { clock, stream, streams } = start({ cookie: true });
  await settle();
  streams[0]!.end();
  await clock.until(() => streams.length === 2);
  assert.equal(streams[1]!.headers.get('Session-Token'), 'token-2');
  stream.close();
});

test('a session is renewed before it ends, with a token that was asked for anew, while the stream goes on', async () => {
  for (const skew of [0, -hour, hour]) {
    let number = 0;
    const { stream, posts, streams, beat } = start({ skew, lifetime: hour, token: () => `jwt-${++number}` });
    await settle();
    await beat(47 * 60_000);
    assert.equal(posts.length, 1, `clock off by ${skew}`);
    await beat(2 * 60_000);
    assert.equal(posts.length, 2, `clock off by ${skew}`);
    assert.equal(posts[1]!.get('Authorization'), 'Bearer jwt-2');
    assert.equal(posts[1]!.get('Session-Token'), 'token-2');
    assert.equal(streams.length, 1);
    stream.close();
  }
});

test('a session that was revoked is begun anew', async () => {
  const { clock, stream, posts, streams } = start({ token: () => 'jwt' });
  await settle();
  streams[0]!.send('event: stream.close\ndata: {"reason":"revoked","retryMs":60000}\n\n');
  await clock.until(() => streams.length === 2);
  assert.equal(posts.length, 2);
  stream.close();
});

test('a stranger is let in without a session, and is not asked at each connection', async () => {
  const { clock, stream, posts, streams } = start({ stranger: true });
  for (let i = 1; i <= 3; i++) {
    await clock.until(() => streams.length === i);
    await settle();
    streams.at(-1)!.end();
  }
  assert.equal(posts.length, 1);
  stream.close();
});

test('a request for the session to which no answer comes is given up', async () => {
  const clock = new FakeClock();
  let requests = 0;
  const stream = subscribe('http://server/events', {
    clock, environment: {}, onEvent() {}, session: session(), token: () => 'jwt',
    fetch: () => {
      requests++;
      return new Promise<Response>(() => {});
    },
  });
  await clock.advance(9_000);
  assert.equal(requests, 1);
  await clock.advance(5_000);
  assert.equal(requests, 2);
  stream.close();
});

test('a closed subscription leaves no timer', async () => {
  const { clock, stream } = start({ token: () => 'jwt' });
  await settle();
  stream.close();
  await settle();
  assert.equal(clock.pending, 0);
});

// Subscriptions of one session.
function several() {
  const clock = new FakeClock();
  const posts: AbortSignal[] = [];
  const streams: FakeConnection[] = [];
  const one = session();
  const answers: (() => Promise<Response>)[] = [];
  const given = async () => Response.json({ expires: new Date(clock.now() + hour).toISOString() }, { headers: { 'Session-Token': 'token' } });
  const open = () => subscribe('http://server/events', {
    topics: ['a'], clock, environment: {}, onEvent() {}, session: one,
    fetch: async (url, init) => {
      if (init?.method === 'POST') return posts.push(init.signal!), (answers[posts.length - 1] ?? given)();
      const connection = new FakeConnection(String(url), init);
      streams.push(connection);
      connection.begin().live();
      return connection.answered;
    },
  });
  return { clock, posts, streams, answers, open };
}

test('a renewal that one subscription’s end cuts off is another’s to make', async () => {
  const { clock, posts, streams, answers, open } = several();
  answers.push(() => new Promise<never>(() => {}));
  const first = open();
  const second = open();
  await settle();
  assert.deepEqual([posts.length, streams.length], [1, 0], 'one asks, the other waits for it');
  first.close();
  await settle();
  assert.deepEqual([posts.length, streams.length], [2, 1]);
  assert.equal(second.state.name, 'live');
  assert.equal(streams[0]!.headers.get('Session-Token'), 'token');
  second.close();
  await settle();
  assert.equal(clock.pending, 0);
});

test('a session is renewed by whichever subscription is connected', async () => {
  const { clock, posts, streams, open } = several();
  const first = open();
  await settle();
  const last = open();
  await settle();
  last.close();
  for (let minute = 0; minute < 49; minute++) {
    await clock.advance(30_000);
    streams[0]!.send(':\n');
    await clock.advance(30_000);
    streams[0]!.send(':\n');
  }
  assert.deepEqual([posts.length, streams.length, first.state.name], [2, 2, 'live']);
  first.close();
});

test('an answer that says no end of the session is none, and is not asked for again at once', async () => {
  const { clock, posts, answers, open } = several();
  for (let i = 0; i < 1_000; i++) answers.push(async () => Response.json(i % 2 ? {} : { expires: 'soon' }));
  const stream = open();
  await clock.advance(60_000);
  assert.ok(posts.length > 2 && posts.length < 20, `${posts.length} requests in a minute`);
  stream.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subscribe, type StreamGap, type StreamState, type SubscribeOptions, type Subscription } from '../src/index.js';
import { FakeClock, FakeServer, settle } from './support.js';

function start(options: SubscribeOptions = {}, clock = new FakeClock()) {
  const server = new FakeServer();
  const ids: string[] = [];
  const states: StreamState[] = [];
  const gaps: StreamGap[] = [];
  const stream: Subscription = subscribe('http://server/events', {
    topics: 'orders/**',
    fetch: server.fetch,
    clock,
    environment: {},
    onEvent: event => void ids.push(event.id),
    onState: state => void states.push(state),
    onGap: gap => void gaps.push(gap),
    ...options,
  });
  return { server, clock, stream, ids, states, gaps, names: () => states.map(state => state.name) };
}

test('the first request asks for the topics, and brings no cursor', async () => {
  const { server, stream } = start({ topics: ['orders/**', 'user/ada & co'] });
  await settle();
  assert.deepEqual(server.last.query.getAll('topic'), ['orders/**', 'user/ada & co']);
  assert.equal(server.last.query.get('after'), null);
  assert.equal(server.last.headers.get('Last-Event-ID'), null);
  assert.equal(server.last.headers.get('Accept'), 'text/event-stream');
  stream.close();
});

test('a first cursor and a time go into the query, and only into the first request', async () => {
  const { server, clock, stream } = start({ after: 'e-7' });
  await settle();
  assert.equal(server.last.query.get('after'), 'e-7');
  server.last.begin({ id: 'e-7' }).event('e-8').end();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.query.get('after'), null);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-8');
  stream.close();

  const other = start({ since: new Date('2026-01-01T00:00:00Z') });
  await settle();
  assert.equal(other.server.last.query.get('since'), '2026-01-01T00:00:00.000Z');
  other.stream.close();
});

test('a connection that fails before anything came asks for the same again', async () => {
  const { server, clock, stream } = start({ after: 'earliest' });
  await settle();
  server.last.refuse();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.query.get('after'), 'earliest');
  stream.close();
});

test('second, third and fourth reconnects send the newest id', async () => {
  const { server, clock, stream, ids } = start();
  for (let i = 1; i <= 4; i++) {
    await clock.until(() => server.connections.length === i);
    assert.equal(server.last.headers.get('Last-Event-ID'), i === 1 ? null : `e-${i - 1}`);
    server.last.begin({ id: `e-${i - 1}` }).event(`e-${i}`);
    await settle();
    server.last.cut();
  }
  assert.deepEqual(await eventually(clock, ids, 4), ['e-1', 'e-2', 'e-3', 'e-4']);
  stream.close();
});

test('an id without data moves the cursor, an empty one takes it back', async () => {
  const { server, clock, stream } = start();
  await settle();
  server.last.begin().event('e-1').send('id: e-9\n\n').end();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-9');
  server.last.open('id:\n\n').end();
  await clock.until(() => server.connections.length === 3);
  assert.equal(server.last.headers.get('Last-Event-ID'), null);
  stream.close();
});

test('an id in a block that was cut moves nothing', async () => {
  const { server, clock, stream } = start();
  await settle();
  server.last.begin().event('e-1').send('id: e-2\ndata: half').end();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-1');
  stream.close();
});

test('an id in other letters goes back as the bytes of its UTF-8', async () => {
  const { server, clock, stream } = start();
  await settle();
  server.last.open('id: …\ndata: x\n\n').end();
  await clock.until(() => server.connections.length === 2);
  assert.equal(Buffer.from(server.last.headers.get('Last-Event-ID')!, 'latin1').toString('utf8'), '…');
  stream.close();
});

test('a heartbeat event moves the cursor and is none of the application’s', async () => {
  const { server, clock, stream, ids } = start();
  await settle();
  server.last.begin().send('id: e-50\nevent: stream.heartbeat\ndata: {}\n\n').end();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-50');
  assert.deepEqual(ids, []);
  stream.close();
});

test('repeats are dropped, and do not set the cursor back', async () => {
  const { server, clock, stream, ids } = start();
  await settle();
  server.last.begin().event('e-1').event('e-2').event('e-1').begin.call(server.last, { id: 'e-0' });
  server.last.event('e-2').event('e-3').event('e-1').end();
  await clock.until(() => server.connections.length === 2);
  assert.deepEqual(ids, ['e-1', 'e-2', 'e-3']);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-3');
  stream.close();
});

test('events without ids of their own are never taken for repeats', async () => {
  const { server, clock, stream, ids } = start();
  await settle();
  server.last.open('id: 1\ndata: a\n\ndata: b\n\ndata: c\n\n');
  await clock.until(() => ids.length === 3);
  assert.deepEqual(ids, ['1', '1', '1']);
  stream.close();
});

test('ids are remembered up to a bound', async () => {
  const { server, clock, stream, ids } = start({ dedupe: 10 });
  await settle();
  server.last.begin();
  for (let i = 0; i < 30; i++) server.last.event(`e-${i}`);
  server.last.event('e-1').event('e-29');
  await clock.until(() => ids.length === 31);
  assert.equal(ids.at(-1), 'e-1');
  stream.close();
});

test('states are told in order, with the reason and the time of the next connection', async () => {
  const { server, clock, stream, states } = start();
  await settle();
  server.last.begin({ retry: 2000 }).live();
  await settle();
  server.last.end();
  await settle();
  assert.deepEqual(states.map(({ name, reason, retryAt, transport }) => ({ name, reason, retryAt, transport })), [
    { name: 'connecting', reason: undefined, retryAt: undefined, transport: 'sse' },
    { name: 'open', reason: undefined, retryAt: undefined, transport: 'sse' },
    { name: 'live', reason: undefined, retryAt: undefined, transport: 'sse' },
    { name: 'waiting', reason: 'ended', retryAt: clock.now() + 3000, transport: undefined },
  ]);
  stream.close();
  assert.deepEqual([stream.state.name, stream.state.reason], ['closed', 'closed']);
});

test('a connection that had lived comes back after what retry says, one that fails after more and more, with full jitter', async () => {
  const { server, clock, stream, states } = start();
  await settle();
  server.last.begin({ retry: 2000 }).live();
  await clock.advance(5_000);
  server.last.cut();
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    await clock.until(() => states.at(-1)!.name === 'waiting');
    waits.push(states.at(-1)!.retryAt! - clock.now());
    const count = server.connections.length;
    await clock.until(() => server.connections.length > count);
    server.last.refuse();
    await settle();
  }
  // The fake clock draws a half each time: 2 s of retry, and half of 2, 4, 8, … up to 30 s.
  assert.deepEqual(waits, [2000, 3000, 4000, 6000, 10_000, 17_000, 17_000]);
  stream.close();
});

test('without a time from the server the back-off is drawn from nothing up to its bound', async () => {
  for (const [drawn, expected] of [[0, 0], [0.999, 999]] as const) {
    const { server, clock, stream, states } = start({}, new FakeClock(undefined, () => drawn));
    await settle();
    server.last.refuse();
    await settle();
    assert.equal(states.at(-1)!.retryAt! - clock.now(), expected);
    stream.close();
  }
});

test('retry: 10x is ignored, and a time beyond all measure is a day', async () => {
  const { server, clock, stream, states } = start();
  await settle();
  server.last.open('retry: 3000\nretry: 10x\n\n');
  await clock.advance(2_000);
  server.last.end();
  await settle();
  assert.equal(states.at(-1)!.retryAt! - clock.now(), 3000);
  await clock.until(() => server.connections.length === 2);
  server.last.open('retry: 99999999999999999999\n\n');
  await clock.advance(2_000);
  server.last.end();
  await settle();
  assert.equal(states.at(-1)!.retryAt! - clock.now(), 86_400_000);
  stream.close();
});

test('stream.close is obeyed to the millisecond, and its reason is told', async () => {
  for (const reason of ['drain', 'limit', 'slow', 'rotate', 'revoked', 'unauthenticated', 'forbidden']) {
    const { server, clock, stream, states } = start();
    await settle();
    server.last.begin().send(`retry: 7123\nevent: stream.close\ndata: {"reason":"${reason}","retryMs":7123}\n\n`);
    await settle();
    const { name, reason: told, retryAt } = states.at(-1)!;
    assert.deepEqual([name, told, retryAt! - clock.now()], ['waiting', reason, 7123]);
    assert.equal(server.last.isCancelled || server.last.signal!.aborted, true, 'a proxy may keep it open');
    await clock.advance(7122);
    assert.equal(server.connections.length, 1);
    await clock.advance(1);
    assert.equal(server.connections.length, 2);
    stream.close();
  }
});

test('a close that asks for no wait, or nearly none, again and again, becomes no storm', async () => {
  for (const retryMs of [-1, 0, 1, 20]) {
    const { server, clock, stream } = start();
    let answered = 0;
    server.onConnect = connection => {
      answered++;
      connection.open(`event: stream.close\ndata: {"reason":"limit","retryMs":${retryMs}}\n\n`).end();
    };
    await clock.advance(60_000);
    assert.ok(answered > 3 && answered < 20, `${answered} connections in a minute for ${retryMs}`);
    stream.close();
  }
});

test('an id that no server would take back is not taken', async () => {
  const { server, clock, stream, ids } = start();
  await settle();
  server.last.begin().event('e-1').event('x'.repeat(200_000), 'long').event('y'.repeat(1_000), 'at the bound');
  await settle();
  assert.deepEqual(ids, ['e-1', 'e-1', 'y'.repeat(1_000)]);
  server.last.event('x'.repeat(1_001)).end();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'y'.repeat(1_000));
  stream.close();
});

test('a soft refusal never looks like an open stream', async () => {
  const { server, clock, stream, names } = start();
  await settle();
  server.last.open('retry: 9000\nevent: stream.close\ndata: {"reason":"limit","retryMs":9000}\n\n').end();
  await clock.advance(100);
  assert.deepEqual(names(), ['connecting', 'waiting']);
  stream.close();
});

test('an error page with 502 is tried again, and so is an answer that is no event stream', async () => {
  const { server, clock, stream, ids, states } = start();
  await settle();
  server.last.answer(502, { 'Content-Type': 'text/html' }, '<h1>Bad gateway</h1>');
  await clock.until(() => server.connections.length === 2);
  assert.equal(states.find(state => state.name === 'waiting')!.reason, 'status');
  server.last.answer(200, { 'Content-Type': 'text/html' }, '<h1>Sign in to this network</h1>');
  await clock.until(() => server.connections.length === 3);
  assert.equal(states.filter(state => state.name === 'waiting')[1]!.reason, 'content-type');
  server.last.answer(200, { 'Content-Type': 'text/event-streamx' }, 'data: no\n\n');
  await clock.until(() => server.connections.length === 4);
  server.last.open('id: 1\ndata: yes\n\n', { 'Content-Type': 'TEXT/Event-Stream;charset=utf-8' });
  await eventually(clock, ids, 1);
  stream.close();
});

test('204 ends the subscription, without an error', async () => {
  const { server, stream, states } = start();
  await settle();
  server.last.answer(204);
  await stream.closed;
  assert.deepEqual([states.at(-1)!.name, states.at(-1)!.reason, states.at(-1)!.error], ['closed', 'ended', undefined]);
});

test('a request that is wrong ends the subscription with its status', async () => {
  for (const status of [400, 404, 406]) {
    const { server, stream, states } = start();
    await settle();
    server.last.answer(status);
    await stream.closed;
    assert.equal((states.at(-1)!.error as { status?: number }).status, status);
  }
});

test('whoever is throttled comes back when the server says, in seconds', async () => {
  const { server, clock, stream } = start();
  await settle();
  server.last.answer(429, { 'Retry-After': '20' });
  await clock.advance(19_999);
  assert.equal(server.connections.length, 1);
  await clock.until(() => server.connections.length === 2);
  assert.ok(clock.now() >= Date.parse('2026-01-01T00:00:20Z'));
  stream.close();
});

test('a date of Retry-After is of the server’s clock, which may be an hour off', async () => {
  for (const hours of [-1, 1]) {
    const { server, clock, stream, states } = start();
    const serverNow = clock.now() + hours * 3_600_000;
    await settle();
    server.last.answer(503, { Date: new Date(serverNow).toUTCString(), 'Retry-After': new Date(serverNow + 30_000).toUTCString() });
    await settle();
    const wait = states.at(-1)!.retryAt! - clock.now();
    assert.ok(wait >= 30_000 && wait < 60_000, `waits ${wait} ms`);
    stream.close();
  }
});

test('the number of connections that fail in a row has a bound', async () => {
  const { server, clock, stream, states } = start({ retries: 2 });
  for (let i = 1; i <= 3; i++) {
    await clock.until(() => server.connections.length === i);
    server.last.refuse();
    await settle();
  }
  await stream.closed;
  assert.equal(server.connections.length, 3);
  assert.equal(states.at(-1)!.error?.name, 'StreamError');
});

test('a proxy that cuts every 30 seconds costs nothing but the reconnects', async () => {
  const { server, clock, stream, ids, states } = start();
  for (let i = 1; i <= 20; i++) {
    await clock.until(() => server.connections.length === i);
    server.last.begin({ id: `e-${i - 1}`, retry: 1000 }).live().event(`e-${i}`);
    await clock.advance(30_000);
    server.last.cut();
  }
  assert.equal(ids.length, 20);
  for (const state of states.filter(one => one.name === 'waiting')) assert.equal(state.reason, 'network');
  assert.ok(clock.now() < Date.parse('2026-01-01T00:00:00Z') + 20 * 31_000 + 1);
  stream.close();
});

test('a stream of comments alone lives on, for an hour and far beyond a body time-out of five minutes', async () => {
  const { server, clock, stream, states } = start();
  await settle();
  server.last.begin().live();
  for (let i = 0; i < 240; i++) {
    await clock.advance(15_000);
    server.last.send(':\n');
  }
  await clock.advance(1_000);
  assert.equal(server.connections.length, 1);
  assert.equal(states.at(-1)!.name, 'live');
  stream.close();
});

test('a stream that falls silent for three heartbeats is given up', async () => {
  const { server, clock, stream, states } = start();
  await settle();
  server.last.begin().live();
  await clock.advance(44_999);
  assert.equal(states.at(-1)!.name, 'live');
  await clock.advance(1);
  assert.deepEqual([states.at(-1)!.name, states.at(-1)!.reason], ['waiting', 'timeout']);
  stream.close();
});

test('a request to which not a byte comes is given up after its time', async () => {
  const { server, clock, stream, states } = start();
  await settle();
  server.last.open();
  await clock.advance(10_000);
  assert.deepEqual([states.at(-1)!.name, states.at(-1)!.reason], ['waiting', 'silent']);
  stream.close();
});

test('the gap is told, and where it is told the cursor goes on', async () => {
  const { server, clock, stream, gaps } = start({ after: 'old-1' });
  await settle();
  server.last.begin({ id: 'e-9', recovered: false });
  await settle();
  server.last.cut();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.query.get('after'), 'old-1', 'cut before the gap was told: it is asked for again');
  server.last.begin({ id: 'e-9', recovered: false }).send('id: e-9\nevent: stream.gap\ndata: {"after":"old-1","next":"e-10","reason":"epoch"}\n\n').live().end();
  await clock.until(() => server.connections.length === 3);
  assert.deepEqual(gaps, [{ after: 'old-1', next: 'e-10', reason: 'epoch' }]);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-9');
  stream.close();
});

test('reconnect() comes back at once, waiting or not', async () => {
  const { server, clock, stream } = start();
  await settle();
  server.last.open('retry: 90000\nevent: stream.close\ndata: {"reason":"unauthenticated","retryMs":90000}\n\n').end();
  await settle();
  stream.reconnect();
  await clock.advance(0);
  assert.equal(server.connections.length, 2);
  server.last.begin();
  await settle();
  stream.reconnect();
  await clock.advance(0);
  assert.equal(server.connections.length, 3);
  stream.close();
});

async function eventually(clock: FakeClock, ids: string[], count: number): Promise<string[]> {
  await clock.until(() => ids.length >= count);
  return ids;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subscribe, type SubscribeOptions } from '../src/index.js';
import { sessionStore, storage } from '../src/storage.js';
import { describe as inWords } from '../src/words.js';
import { FakeClock, FakeServer, settle } from './support.js';

class FakeDocument extends EventTarget {
  visibilityState = 'visible';
}

async function start(options: SubscribeOptions = {}) {
  const server = new FakeServer();
  const clock = new FakeClock();
  const window = new EventTarget();
  const document = new FakeDocument();
  const stream = subscribe('http://server/events', {
    topics: ['a'], fetch: server.fetch, clock, environment: { window, document }, onEvent() {}, ...options,
  });
  await settle();
  return { server, clock, stream, window, document, fire: (target: EventTarget, type: string) => target.dispatchEvent(new Event(type)) };
}

test('a hidden tab keeps its connection; seen again, a dead one is replaced at once', async () => {
  const { server, clock, stream, document, fire } = await start();
  server.last.begin().live();
  document.visibilityState = 'hidden';
  fire(document, 'visibilitychange');
  await clock.advance(10_000);
  document.visibilityState = 'visible';
  fire(document, 'visibilitychange');
  await clock.advance(0);
  assert.equal(server.connections.length, 1, 'it has heard something within a heartbeat');
  // As iOS does it: no timer runs, the socket dies, and nothing tells.
  clock.sleep(30_000);
  fire(document, 'visibilitychange');
  await clock.advance(0);
  assert.equal(server.connections.length, 2);
  stream.close();
});

test('a machine that slept finds out by the first timer, without any event', async () => {
  const { server, clock, stream } = await start();
  server.last.begin().live();
  await clock.advance(1_000);
  clock.sleep(3_600_000);
  await clock.advance(0);
  assert.equal(server.connections.length, 2);
  stream.close();
});

test('the back-forward cache: no connection while the page is put aside, one at once when it is back', async () => {
  for (const [target, away, back] of [['window', 'pagehide', 'pageshow'], ['document', 'freeze', 'resume']] as const) {
    const started = await start();
    const { server, clock, stream, fire } = started;
    server.last.begin().live().event('e-1');
    await settle();
    fire(started[target], away);
    await clock.advance(0);
    assert.equal(server.last.signal!.aborted, true);
    assert.deepEqual([stream.state.name, stream.state.reason], ['waiting', 'hidden']);
    await clock.advance(600_000);
    assert.equal(server.connections.length, 1);
    fire(started[target], back);
    await clock.advance(0);
    assert.equal(server.connections.length, 2);
    assert.equal(server.last.headers.get('Last-Event-ID'), 'e-1');
    stream.close();
  }
});

test('a page that is put aside while it waits comes back when the server allows it', async () => {
  const { server, clock, stream, window, fire } = await start();
  server.last.answer(429, { 'Retry-After': '60' });
  await settle();
  fire(window, 'pagehide');
  await clock.advance(10_000);
  fire(window, 'pageshow');
  await clock.advance(49_000);
  assert.equal(server.connections.length, 1);
  await clock.advance(2_000);
  assert.equal(server.connections.length, 2);
  stream.close();
});

test('offline and online: it says so, and connects when the network is back', async () => {
  const { server, clock, stream, window, fire } = await start();
  server.last.begin().live();
  await settle();
  fire(window, 'offline');
  server.last.cut();
  await settle();
  for (let i = 0; i < 6; i++) {
    assert.deepEqual([stream.state.name, stream.state.reason], ['waiting', 'offline']);
    const count = server.connections.length;
    await clock.until(() => server.connections.length > count);
    server.last.refuse();
    await settle();
  }
  assert.ok(stream.state.retryAt! - clock.now() > 5_000);
  const count = server.connections.length;
  fire(window, 'online');
  await clock.advance(0);
  assert.equal(server.connections.length, count + 1);
  stream.close();
});

test('another network: what was open before is not any more', async () => {
  const { server, clock, stream, window, fire } = await start();
  server.last.begin().live();
  await clock.advance(1_000);
  fire(window, 'offline');
  fire(window, 'online');
  await clock.advance(0);
  assert.equal(server.connections.length, 2);
  stream.close();
});

test('waking up does not override what the server asked for', async () => {
  const { server, clock, stream, document, fire } = await start();
  server.last.open('retry: 20000\nevent: stream.close\ndata: {"reason":"limit","retryMs":20000}\n\n').end();
  await settle();
  fire(document, 'visibilitychange');
  await clock.advance(10_000);
  fire(document, 'visibilitychange');
  await clock.advance(9_000);
  assert.equal(server.connections.length, 1);
  await clock.advance(1_000);
  assert.equal(server.connections.length, 2);
  stream.close();
});

test('a clock that is set back or forward costs at most a reconnect', async () => {
  const { server, clock, stream } = await start();
  server.last.begin().live();
  await clock.advance(1_000);
  clock.sleep(-3_600_000);
  for (let i = 0; i < 10; i++) {
    await clock.advance(4_000);
    server.last.send(':\n');
  }
  assert.equal(server.connections.length, 1);
  stream.close();
});

test('listeners go when the stream is closed', async () => {
  let count = 0;
  class Counting extends FakeDocument {
    override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
      count++;
      super.addEventListener(...args);
    }

    override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
      count--;
      super.removeEventListener(...args);
    }
  }
  const stream = subscribe('http://server/events', { fetch: new FakeServer().fetch, environment: { window: new Counting(), document: new Counting() } });
  assert.equal(count, 7);
  stream.close();
  assert.equal(count, 0);
});

test('a reload of the page goes on after the last event that was handled', async () => {
  const kept = new Map<string, string>();
  const store = storage(() => ({ getItem: key => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }));
  const first = await start({ store });
  first.server.last.begin().event('e-1').event('e-2');
  await settle();
  first.stream.close();
  const second = await start({ store });
  assert.equal(second.server.last.headers.get('Last-Event-ID'), 'e-2');
  second.stream.close();
  const other = await start({ store, topics: ['b'] });
  assert.equal(other.server.last.headers.get('Last-Event-ID'), null, 'a cursor is of its own stream');
  other.stream.close();
});

test('where storage is forbidden nothing is kept, and the stream runs', async () => {
  for (const store of [sessionStore(), storage(() => { throw new DOMException('denied', 'SecurityError'); })]) {
    const { server, stream } = await start({ store });
    server.last.begin().live().event('e-1');
    await settle();
    assert.equal(stream.state.name, 'live');
    stream.close();
  }
});

test('each state is said in a sentence', () => {
  const now = 1_000_000;
  assert.equal(inWords({ name: 'connecting' }, now), 'Connecting');
  assert.equal(inWords({ name: 'live' }, now), 'Live');
  assert.equal(inWords({ name: 'waiting', reason: 'drain', retryAt: now + 2_500 }, now), 'Not connected: the server restarts. Connecting again in 3 seconds');
  assert.equal(inWords({ name: 'waiting', reason: 'offline', retryAt: now + 900 }, now), 'Not connected: there is no network. Connecting again in 1 second');
  assert.equal(inWords({ name: 'closed', reason: 'closed' }, now), 'Closed: it was closed');
});

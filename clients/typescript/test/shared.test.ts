import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subscribe, type Clock, type StreamState, type SubscribeOptions, type Subscription } from '../src/index.js';
import { fallback, webSocket } from '../src/fallback.js';
import { shared } from '../src/shared.js';
import { FakeChannels, FakeLocks, FakeTab } from './browser.js';
import { LogServer } from './log-server.js';
import { FakeClock, seeded, settle } from './support.js';

class Browser {
  readonly clock = new FakeClock();
  readonly server = new LogServer(this.clock);
  readonly locks = new FakeLocks();
  readonly channels = new FakeChannels();

  open(options: SubscribeOptions = {}) {
    const tab = new FakeTab();
    const ids: string[] = [];
    const states: StreamState[] = [];
    // A frozen tab's timers do not fire until it wakes up.
    const cleared = new Set<unknown>();
    const clock: Clock = {
      now: () => this.clock.now(),
      random: () => 0.5,
      setTimeout: (callback, milliseconds) => {
        const timer: unknown = this.clock.setTimeout(() => tab.do(() => void (cleared.has(timer) || callback())), milliseconds);
        return timer;
      },
      clearTimeout: timer => {
        cleared.add(timer);
        this.clock.clearTimeout(timer);
      },
    };
    const window = new EventTarget();
    const stream: Subscription = subscribe('http://server/events', {
      topics: 'orders/**',
      fetch: this.server.fetch,
      clock,
      environment: { window, document: window },
      transport: shared(undefined, { locks: this.locks, channel: this.channels.open(tab) }),
      onEvent: event => void ids.push(event.id),
      onState: state => void states.push(state),
      ...options,
    });
    return { tab, stream, ids, states, window };
  }

  get connections(): number {
    return this.server.readers.size;
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `k3-${from + i}`);

test('ten tabs share one connection, and each gets every event once', async () => {
  const browser = new Browser();
  const tabs = [];
  for (let i = 0; i < 10; i++) {
    tabs.push(browser.open());
    await settle();
  }
  assert.equal(browser.connections, 1);
  for (let i = 1; i <= 50; i++) browser.server.publish('orders/1', `${i}`);
  await settle();
  for (const tab of tabs) {
    assert.deepEqual(tab.ids, numbers(1, 50));
    assert.equal(tab.stream.state.name, 'live');
  }
  assert.deepEqual(tabs.map(tab => tab.stream.state.transport), ['sse', ...Array(9).fill('shared')]);
  assert.equal(tabs[9]!.stream.lastEventId, 'k3-50');
  for (const tab of tabs) tab.stream.close();
  assert.equal(browser.connections, 0);
});

test('a tab that joins late catches up from its own cursor first', async () => {
  const browser = new Browser();
  const first = browser.open();
  await settle();
  for (let i = 1; i <= 30; i++) browser.server.publish('orders/1', `${i}`);
  await settle();
  const second = browser.open({ after: 'k3-10' });
  browser.server.publish('orders/1', '31');
  await settle();
  browser.server.publish('orders/1', '32');
  await settle();
  assert.equal(browser.connections, 1);
  assert.deepEqual(second.ids, numbers(11, 32));
  assert.deepEqual(first.ids, numbers(1, 32));
  first.stream.close();
  second.stream.close();
});

test('a tab whose own server is behind the leader’s listens to it when it has caught up, and not before', async () => {
  for (const tellsOwn of [true, false]) {
    const browser = new Browser();
    const behind = new LogServer(browser.clock);
    const first = browser.open({ after: 'k3-0' });
    await settle();
    for (let i = 1; i <= 5; i++) browser.server.publish('orders/1', `${i}`);
    for (let i = 1; i <= 3; i++) behind.publish('orders/1', `${i}`);
    await settle();
    const second = browser.open({ after: 'k3-0', fetch: behind.fetch });
    await settle();
    assert.deepEqual([second.stream.state.name, second.stream.state.transport], ['live', 'sse']);
    browser.server.publish('orders/1', '6');
    await settle();
    assert.deepEqual(second.ids, numbers(1, 3));
    behind.publish('orders/1', '4');
    await settle();
    assert.equal(second.stream.state.transport, 'sse');
    behind.publish('orders/1', '5');
    if (tellsOwn) behind.publish('orders/1', '6');
    await settle();
    assert.deepEqual(second.ids, numbers(1, 6));
    assert.equal(second.stream.state.transport, 'shared');
    assert.equal(behind.readers.size, 0);
    browser.server.publish('orders/1', '7');
    await settle();
    assert.deepEqual(second.ids, numbers(1, 7));
    first.stream.close();
    second.stream.close();
  }
});

test('a leader that lags behind a tab’s own server is listened to at once', async () => {
  const browser = new Browser();
  const ahead = new LogServer(browser.clock);
  const first = browser.open({ after: 'k3-0' });
  await settle();
  for (let i = 1; i <= 3; i++) browser.server.publish('orders/1', `${i}`);
  for (let i = 1; i <= 5; i++) ahead.publish('orders/1', `${i}`);
  await settle();
  const second = browser.open({ after: 'k3-1', fetch: ahead.fetch });
  await settle();
  assert.equal(second.stream.state.transport, 'shared');
  for (let i = 4; i <= 7; i++) browser.server.publish('orders/1', `${i}`);
  await settle();
  assert.deepEqual(second.ids, numbers(2, 7));
  first.stream.close();
  second.stream.close();
});

for (const [what, trouble] of Object.entries<(browser: Browser, isLater: () => boolean) => { options: SubscribeOptions; cut: (stream: Subscription) => void; after: number }>({
  'its token, after a cut': (_, isLater) => ({
    options: { token: () => (isLater() ? new Promise<string>(() => {}) : 't') }, cut: stream => stream.reconnect(), after: 5_000,
  }),
  'its state, after a gap': ({ server }, isLater) => ({
    options: { getState: () => (isLater() ? new Promise<string>(() => {}) : Promise.resolve(server.latest)) },
    cut: () => {
      for (let i = 0; i < 9; i++) server.log.push({ topic: 'orders/1', type: 't', data: 'missed' });
      server.first = 8;
      server.drain(0);
    },
    after: 2_000,
  }),
  'another token, after its own was refused': ({ server }, isLater) => ({
    options: {
      fetch: (url, init) => (isLater() ? Promise.resolve(new Response('', { status: 401 })) : server.fetch(url, init)),
    },
    cut: stream => stream.reconnect(),
    after: 0,
  }),
})) {
  test(`a leader that waits for ${what} leaves the lead to another tab`, async () => {
    const browser = new Browser();
    let isLater = false;
    const { options, cut, after } = trouble(browser, () => isLater);
    const first = browser.open(options);
    await settle();
    const second = browser.open();
    await settle();
    browser.server.publish('orders/1', '1');
    await settle();
    assert.deepEqual([first.stream.state.transport, second.stream.state.transport], ['sse', 'shared']);
    isLater = true;
    cut(first.stream);
    await browser.clock.advance(after);
    const last = browser.server.publish('orders/1', 'while the first one waits');
    await settle();
    assert.equal(second.ids.at(-1), last);
    first.stream.close();
    second.stream.close();
    await settle();
    assert.equal(browser.clock.pending, 0);
  });
}

test('a leader that is told to wait keeps the lead, however long that is', async () => {
  const browser = new Browser();
  const [first, second] = [browser.open(), browser.open()];
  await settle();
  browser.server.drain(60_000);
  await browser.clock.advance(60_000);
  await settle();
  assert.deepEqual([first.stream.state.transport, second.stream.state.transport], ['sse', 'shared']);
  assert.equal(browser.server.requests.length, 3, 'the two that began, and the leader’s second');
  first.stream.close();
  second.stream.close();
});

test('when the leading tab is closed another takes its place at once, and nothing is lost', async () => {
  const browser = new Browser();
  const tabs = [browser.open(), browser.open(), browser.open()];
  await settle();
  browser.server.publish('orders/1', '1');
  await settle();
  for (let round = 0; round < 2; round++) {
    tabs[round]!.stream.close();
    browser.server.publish('orders/1', 'while nobody leads');
    await browser.clock.advance(0);
    browser.server.publish('orders/1', 'afterwards');
    await settle();
    assert.equal(browser.connections, 1);
  }
  assert.deepEqual(tabs[2]!.ids, numbers(1, 5));
  tabs[2]!.stream.close();
});

test('a frozen leader is replaced, and steps down when it wakes up', async () => {
  const browser = new Browser();
  const [old, second, third] = [browser.open(), browser.open(), browser.open()];
  await settle();
  browser.server.publish('orders/1', '1');
  await settle();
  old.tab.isFrozen = true;
  // Its connection lives, and nobody reads it: what it would say reaches nobody.
  const before = browser.server.requests.length;
  const frozenPost = browser.server.readers;
  assert.equal(frozenPost.size, 1);
  await browser.clock.advance(30_000);
  assert.ok(browser.server.requests.length > before, 'another tab has connected');
  browser.server.publish('orders/1', '2');
  await settle();
  assert.deepEqual(second.ids, numbers(1, 2));
  assert.deepEqual(third.ids, numbers(1, 2));
  old.tab.wake();
  await browser.clock.advance(1_000);
  browser.server.publish('orders/1', '3');
  await settle();
  assert.equal(browser.connections, 1);
  for (const tab of [old, second, third]) {
    assert.deepEqual(tab.ids, numbers(1, 3));
    tab.stream.close();
  }
});

test('a tab that is put aside by the browser leads no more, and comes back', async () => {
  const browser = new Browser();
  const [first, second] = [browser.open(), browser.open()];
  await settle();
  first.window.dispatchEvent(new Event('pagehide'));
  await browser.clock.advance(0);
  assert.deepEqual([first.stream.state.name, first.stream.state.reason], ['waiting', 'hidden']);
  browser.server.publish('orders/1', '1');
  await settle();
  assert.equal(browser.connections, 1);
  assert.deepEqual(second.ids, numbers(1, 1));
  first.window.dispatchEvent(new Event('pageshow'));
  await browser.clock.advance(0);
  assert.deepEqual(first.ids, numbers(1, 1));
  assert.equal(browser.connections, 1);
  first.stream.close();
  second.stream.close();
});

test('a tab whose consumer stops does not hold up the others, and loses nothing', async () => {
  for (const stuck of [0, 1]) {
    const browser = new Browser();
    const tabs = [0, 1, 2].map(i => (i === stuck ? browser.open({ queue: 4, onEvent: undefined as never }) : browser.open()));
    delete (tabs[stuck] as { ids?: unknown }).ids;
    await settle();
    for (let i = 1; i <= 5_000; i++) {
      browser.server.publish('orders/1', `${i}`);
      if (i % 100 === 0) await settle();
    }
    await browser.clock.advance(20_000);
    for (const [i, tab] of tabs.entries()) if (i !== stuck) assert.deepEqual(tab.ids, numbers(1, 5_000), `tab ${i} beside ${stuck}`);
    const ids: string[] = [];
    const reading = (async () => {
      for await (const event of tabs[stuck]!.stream) {
        ids.push(event.id);
        if (ids.length === 5_000) break;
      }
    })();
    await browser.clock.until(() => ids.length === 5_000);
    await reading;
    assert.deepEqual(ids, numbers(1, 5_000));
    for (const tab of tabs) tab.stream.close();
  }
});

test('tabs say what the leader’s connection does', async () => {
  const browser = new Browser();
  const [first, second] = [browser.open(), browser.open()];
  await settle();
  browser.server.drain(3_000);
  await settle();
  assert.deepEqual([first.stream.state.name, first.stream.state.reason], ['waiting', 'drain']);
  assert.equal(second.stream.state.name, 'waiting');
  await browser.clock.advance(3_000);
  assert.deepEqual([first.stream.state.name, second.stream.state.name], ['live', 'live']);
  assert.equal(browser.connections, 1);
  first.stream.close();
  second.stream.close();
});

test('a gap makes each tab load its own state, and none misses what another skipped', async () => {
  const browser = new Browser();
  const { server } = browser;
  const loads: string[] = [];
  const first = browser.open({ getState: async () => (loads.push('first'), server.latest) });
  const second = browser.open();
  await settle();
  server.publish('orders/1', '1');
  await settle();
  for (let i = 2; i <= 9; i++) server.log.push({ topic: 'orders/1', type: 't', data: `${i}` });
  server.first = 6;
  server.drain(10);
  await browser.clock.advance(5_000);
  server.publish('orders/1', '10');
  await settle();
  assert.deepEqual(loads, ['first', 'first']);
  assert.deepEqual(first.ids, ['k3-1', 'k3-10']);
  assert.deepEqual(second.ids, ['k3-1', ...numbers(6, 10)]);
  first.stream.close();
  second.stream.close();
});

test('without Web Locks each tab keeps its own connection', async () => {
  const browser = new Browser();
  const transport = () => shared(undefined, { channel: () => assert.fail('nobody to talk to') });
  const tabs = [browser.open({ transport: transport() }), browser.open({ transport: transport() })];
  await settle();
  assert.equal(browser.connections, 2);
  for (const tab of tabs) tab.stream.close();
});

test('where locks or channels are forbidden each tab keeps its own connection, and makes it once', async () => {
  const browser = new Browser();
  const refuse = () => Promise.reject(new DOMException('denied', 'SecurityError'));
  const locked = browser.open({ transport: shared(undefined, { locks: { request: refuse }, channel: browser.channels.open(new FakeTab()) }) });
  const deaf = browser.open({ transport: shared(undefined, { locks: browser.locks, channel: () => { throw new DOMException('denied', 'SecurityError'); } }) });
  await browser.clock.advance(60_000);
  browser.server.publish('orders/1', 'x');
  await settle();
  for (const tab of [locked, deaf]) {
    assert.deepEqual(tab.ids, numbers(1, 1));
    tab.stream.close();
  }
  assert.ok(browser.server.requests.length <= 4, `${browser.server.requests.length} requests`);
});

test('tabs of other topics or names do not share', async () => {
  const browser = new Browser();
  const tabs = [browser.open(), browser.open({ topics: 'other' }),
    browser.open({ transport: shared(undefined, { name: 'ada', locks: browser.locks, channel: browser.channels.open(new FakeTab()) }) })];
  await settle();
  assert.equal(browser.connections, 3);
  for (const tab of tabs) tab.stream.close();
});

test('sharing goes with the fallback: tabs share the leader’s WebSocket', async () => {
  const browser = new Browser();
  const open = () => {
    const tab = new FakeTab();
    return browser.open({
      transport: shared(fallback({ transports: [webSocket({ open: browser.server.socket })] }), { locks: browser.locks, channel: browser.channels.open(tab) }),
    });
  };
  const tabs = [open(), open()];
  await settle();
  browser.server.publish('orders/1', 'x');
  await settle();
  assert.equal(browser.connections, 1);
  for (const tab of tabs) {
    assert.deepEqual(tab.ids, numbers(1, 1));
    tab.stream.close();
  }
});

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));

test(`tabs that come, go, freeze, wake up and are killed, at random (SEED=${seed}), get exact sequences`, async () => {
  for (let round = 0; round < 25; round++) {
    const random = seeded(seed + round);
    const browser = new Browser();
    const tabs: ReturnType<Browser['open']>[] = [];
    const begun = new Map<ReturnType<Browser['open']>, number>();
    const add = () => {
      const tab = browser.open({ after: browser.server.latest });
      begun.set(tab, browser.server.log.length);
      tabs.push(tab);
    };
    add();
    for (let step = 0; step < 60; step++) {
      const one = tabs[Math.floor(random() * tabs.length)];
      const dice = random();
      if (dice < 0.45) browser.server.publish(random() < 0.7 ? 'orders/1' : 'other', `${step}`);
      else if (dice < 0.6 && tabs.length < 6) add();
      else if (dice < 0.66 && tabs.length > 1) {
        one!.stream.close();
        tabs.splice(tabs.indexOf(one!), 1);
      } else if (dice < 0.74) one!.tab.isFrozen = true;
      else if (dice < 0.8) one!.tab.wake();
      else if (dice < 0.84) browser.server.drain(Math.floor(random() * 3_000));
      else if (dice < 0.9) one!.stream.reconnect();
      if (random() < 0.6) await browser.clock.advance(random() * 8_000);
    }
    for (const tab of tabs) tab.tab.wake();
    await browser.clock.advance(60_000);
    const last = browser.server.publish('orders/1', 'the last');
    await browser.clock.advance(60_000);
    for (const tab of tabs) {
      const expected = browser.server.log.flatMap((event, i) => (event.topic === 'other' || i < begun.get(tab)! ? [] : [`k3-${i + 1}`]));
      assert.deepEqual(tab.ids, expected, `round ${round}, up to ${last}`);
      tab.stream.close();
    }
    await settle();
    assert.equal(browser.connections, 0, `round ${round}`);
    assert.equal(browser.clock.pending, 0, `round ${round}`);
  }
});

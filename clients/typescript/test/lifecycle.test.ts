import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { subscribe, type StreamEvent, type SubscribeOptions, type Subscription } from '../src/index.js';
import { FakeClock, FakeServer, settle } from './support.js';

function start(options: SubscribeOptions = {}) {
  const server = new FakeServer();
  const clock = new FakeClock();
  const stream = subscribe('http://server/events', { topics: ['a'], fetch: server.fetch, clock, environment: {}, ...options });
  return { server, clock, stream };
}

test('the iterator gives the events in order, and ends when the loop is left', async () => {
  const { server, stream } = start();
  await settle();
  server.last.begin().live().event('e-1', '{"n":1}').event('e-2').event('e-3');
  const events: StreamEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    if (events.length === 2) break;
  }
  assert.deepEqual(events, [{ id: 'e-1', type: 'order.created', data: '{"n":1}' }, { id: 'e-2', type: 'order.created', data: 'e-2' }]);
  assert.equal(stream.state.name, 'closed');
  assert.equal(server.last.signal!.aborted, true);
});

test('events that came before the loop began are not lost, and callbacks get the same', async () => {
  const heard: string[] = [];
  const { server, stream } = start({ onEvent: event => void heard.push(event.id) });
  const iterator = stream[Symbol.asyncIterator]();
  await settle();
  server.last.begin().event('e-1').event('e-2');
  await settle();
  assert.deepEqual([(await iterator.next()).value!.id, (await iterator.next()).value!.id], ['e-1', 'e-2']);
  assert.deepEqual(heard, ['e-1', 'e-2']);
  stream.close();
  assert.equal((await iterator.next()).done, true);
});

test('a loop that waits ends when the stream is closed, and throws what it failed with', async () => {
  const { stream } = start();
  const waiting = stream[Symbol.asyncIterator]().next();
  await settle();
  stream.close();
  assert.deepEqual(await waiting, { done: true, value: undefined });

  const other = start();
  const failing = other.stream[Symbol.asyncIterator]().next();
  await settle();
  other.server.last.answer(400);
  await assert.rejects(failing, { name: 'StreamError', status: 400 });
});

test('a consumer that stops stops the network, and nothing is lost', async () => {
  const { server, clock, stream } = start({ queue: 8 });
  await settle();
  server.last.begin();
  for (let i = 1; i <= 100; i++) server.last.event(`e-${i}`);
  await settle();
  const unread = -server.last.desiredSize;
  assert.ok(unread > 85, `${unread} chunks were left in the network`);
  // However long that lasts, silence is nobody's fault.
  await clock.advance(600_000);
  assert.equal(server.connections.length, 1);
  const ids: string[] = [];
  for await (const { id } of stream) {
    ids.push(id);
    if (ids.length === 100) break;
  }
  assert.deepEqual(ids, Array.from({ length: 100 }, (_, i) => `e-${i + 1}`));
});

test('the next event waits for the promise of a callback', async () => {
  const log: string[] = [];
  let release!: () => void;
  const { server, stream } = start({
    onEvent: async ({ id }) => {
      log.push(`begin ${id}`);
      if (id === 'e-1') await new Promise<void>(resolve => (release = resolve));
      log.push(`end ${id}`);
    },
  });
  await settle();
  server.last.begin().event('e-1').event('e-2');
  await settle();
  assert.deepEqual(log, ['begin e-1']);
  release();
  await settle();
  assert.deepEqual(log, ['begin e-1', 'end e-1', 'begin e-2', 'end e-2']);
  stream.close();
});

test('a consumer that stops waits over reconnects too: no second event beside the first, no queue that grows', async () => {
  const log: string[] = [];
  let release!: () => void;
  const { server, clock, stream } = start({
    onEvent: async ({ id }) => {
      log.push(`begin ${id}`);
      await new Promise<void>(resolve => (release = resolve));
      log.push(`end ${id}`);
    },
  });
  await settle();
  server.last.begin().event('e-1').event('e-2');
  await settle();
  stream.reconnect();
  await clock.advance(60_000);
  assert.equal(server.connections.length, 1, 'nothing is asked for that nobody takes');
  release();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-1');
  server.last.begin({ id: 'e-1' }).event('e-2');
  await settle();
  assert.deepEqual(log, ['begin e-1', 'end e-1', 'begin e-2']);
  stream.close();

  const other = start({ queue: 2 });
  await settle();
  for (let i = 0, answered = 0; i < 20; i++) {
    if (other.server.connections.length > answered) {
      answered = other.server.connections.length;
      other.server.last.begin().event(`e-${i}`).event(`f-${i}`);
    }
    await settle();
    other.stream.reconnect();
    await other.clock.advance(10);
  }
  assert.ok(other.server.connections.length <= 2, `${other.server.connections.length} connections while nobody reads`);
  other.stream.close();
});

test('the state is loaded when what came before it was handled', async () => {
  const log: string[] = [];
  const { server, clock, stream } = start({ getState: async () => (log.push('state'), 'e-1') });
  await settle();
  server.last.begin({ id: 'e-1' }).event('e-2').event('e-3').send('id: e-8\nevent: stream.gap\ndata: {"after":"e-3","next":"e-9","reason":"limit"}\n\n');
  await clock.advance(60_000);
  assert.deepEqual(log, ['state']);
  const iterator = stream[Symbol.asyncIterator]();
  log.push((await iterator.next()).value!.id, (await iterator.next()).value!.id);
  void iterator.next();
  await clock.advance(0);
  assert.deepEqual(log, ['state', 'e-2', 'e-3', 'state']);
  stream.close();
});

test('events with an empty id are never taken for repeats', async () => {
  let count = 0;
  const { server, stream } = start({ onEvent: () => void count++ });
  await settle();
  server.last.open('id:\ndata: a\n\nid:\ndata: b\n\n');
  await settle();
  assert.equal(count, 2);
  stream.close();
});

test('close() is safe inside every callback, and nothing is called after it but the last state', async () => {
  const callbacks = ['onEvent', 'onOpen', 'onLive', 'onGap', 'onState', 'getState', 'token', 'headers', 'decode', 'load', 'save'] as const;
  for (const name of callbacks) {
    const calls: string[] = [];
    let stream!: Subscription;
    const note = (called: string) => {
      calls.push(called);
      if (called !== name) return;
      stream.close();
      stream.close();
      calls.push('closed');
    };
    const started = start({
      onEvent: () => note('onEvent'),
      onOpen: () => note('onOpen'),
      onLive: () => note('onLive'),
      onGap: () => note('onGap'),
      onState: state => {
        if (state.name !== 'closed') note('onState');
      },
      ...(name === 'load' ? {} : { getState: async () => (note('getState'), 'e-0') }),
      token: () => (note('token'), 't'),
      headers: () => (note('headers'), {}),
      decode: event => (note('decode'), event),
      store: { load: () => (note('load'), null), save: () => note('save') },
    });
    ({ stream } = started);
    await settle();
    if (started.server.connections.length) {
      started.server.last.begin().live().event('e-1').send('id: e-5\nevent: stream.gap\ndata: {"after":"e-1","next":"e-6","reason":"evicted"}\n\n').event('e-7');
    }
    await started.clock.advance(60_000);
    assert.equal(calls.at(-1), 'closed', `${name}: ${calls.join(' ')}`);
    assert.equal(stream.state.name, 'closed', name);
    assert.equal(started.clock.pending, 0, `${name} leaves a timer`);
    await stream.closed;
  }
});

test('close() within a state of each name leaves nothing behind', async () => {
  for (const name of ['connecting', 'open', 'live', 'waiting', 'closed']) {
    let stream!: Subscription;
    const started = start({ onEvent() {}, onState: state => { if (state.name === name) stream.close(); } });
    ({ stream } = started);
    await settle();
    if (started.server.connections.length) started.server.last.begin().live().end();
    await settle();
    stream.close();
    await stream.closed;
    assert.equal(started.clock.pending, 0, name);
  }
});

test('a signal closes the stream, also one that was given already', async () => {
  const controller = new AbortController();
  const { server, stream } = start({ signal: controller.signal });
  await settle();
  server.last.begin();
  await settle();
  controller.abort();
  await stream.closed;
  assert.equal(server.last.signal!.aborted, true);

  const late = start({ signal: controller.signal });
  await late.stream.closed;
  await settle();
  assert.equal(late.server.connections.length, 0);
});

test('a signal used for 2,000 requests keeps no listener', async () => {
  const controller = new AbortController();
  const { server, clock, stream } = start({ signal: controller.signal, onEvent() {} });
  for (let i = 1; i <= 1_000; i++) {
    await clock.until(() => server.connections.length === i);
    server.last.begin().end();
  }
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
  stream.close();
  for (let i = 0; i < 1_000; i++) {
    const one = start({ signal: controller.signal });
    one.stream.close();
  }
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('connections leave no listener on a signal of their own, however long they live', async () => {
  const { server, stream } = start({ onEvent: async () => {} });
  await settle();
  server.last.begin();
  for (let i = 0; i < 500; i++) server.last.event(`e-${i}`);
  for (let i = 0; i < 100; i++) await settle();
  assert.ok(getEventListeners(server.last.signal!, 'abort').length < 8);
  stream.close();
});

test('what a callback throws is reported, and the stream goes on', async () => {
  const reported: unknown[] = [];
  const before = globalThis.reportError;
  globalThis.reportError = error => void reported.push(error);
  try {
    const ids: string[] = [];
    const { server, stream } = start({
      onEvent: ({ id }) => {
        ids.push(id);
        if (id === 'e-1') throw new Error('of the application');
        if (id === 'e-2') return Promise.reject(new Error('later'));
        return undefined;
      },
    });
    await settle();
    server.last.begin().event('e-1').event('e-2').event('e-3');
    await settle();
    assert.deepEqual(ids, ['e-1', 'e-2', 'e-3']);
    assert.deepEqual(reported.map(error => (error as Error).message), ['of the application', 'later']);
    stream.close();
  } finally {
    globalThis.reportError = before;
  }
});

test('the token is asked for at each connection, and the newest is sent', async () => {
  let number = 0;
  const { server, clock, stream } = start({ onEvent() {}, token: () => `token-${++number}` });
  for (let i = 1; i <= 3; i++) {
    await clock.until(() => server.connections.length === i);
    assert.equal(server.last.headers.get('Authorization'), `Bearer token-${i}`);
    server.last.begin().end();
  }
  stream.close();
});

test('a token that cannot be had is asked for again, and what went wrong is told', async () => {
  let fails = true;
  const { server, clock, stream } = start({ onEvent() {}, token: async () => {
    if (fails) throw new Error('signed out');
    return 't';
  } });
  await settle();
  assert.deepEqual([stream.state.name, stream.state.reason, (stream.state.error?.cause as Error).message], ['waiting', 'credentials', 'signed out']);
  fails = false;
  await clock.until(() => server.connections.length === 1);
  stream.close();
});

test('a token that is refused is replaced soon, once; after that the server’s time counts', async () => {
  for (const refuse of ['401', 'unauthenticated', 'revoked']) {
    const refused: boolean[] = [];
    const { server, clock, stream } = start({ onEvent() {}, token: context => (refused.push(context.refused), 't') });
    const answer = () => refuse === '401'
      ? server.last.answer(401)
      : server.last.open(`retry: 60000\nevent: stream.close\ndata: {"reason":"${refuse}","retryMs":60000}\n\n`).end();
    await settle();
    answer();
    await clock.advance(1_000);
    assert.equal(server.connections.length, 2, refuse);
    answer();
    await clock.advance(59_000);
    assert.equal(server.connections.length, 2, refuse);
    await clock.until(() => server.connections.length === 3);
    assert.deepEqual(refused, [false, true, true]);
    stream.close();
  }
});

test('functions of the application that never answer are asked again, after a time in which somebody can sign in', async () => {
  const never = () => new Promise<never>(() => {});
  for (const [reason, options] of Object.entries<(note: (signal?: AbortSignal) => Promise<never>) => SubscribeOptions>({
    credentials: note => ({ token: ({ signal }) => note(signal) }),
    'credentials ': note => ({ headers: () => note() }),
    state: note => ({ getState: ({ signal }) => note(signal) }),
  })) {
    const signals: (AbortSignal | undefined)[] = [];
    const { clock, stream } = start({ onEvent() {}, ...options(signal => (signals.push(signal), never())) });
    await clock.advance(119_999);
    assert.deepEqual([stream.state.name, signals.length], ['connecting', 1], reason);
    await clock.advance(1);
    assert.deepEqual([stream.state.name, stream.state.reason, signals[0]?.aborted ?? true], ['waiting', reason.trim(), true]);
    await clock.until(() => signals.length === 2);
    stream.close();
    await settle();
    assert.equal(clock.pending, 0);
  }
  const { clock, stream } = start({ callTimeout: Infinity, token: never });
  await clock.advance(3_600_000);
  assert.equal(stream.state.name, 'connecting');
  stream.close();
});

test('a page’s state is loaded first, and the stream goes on from its cursor', async () => {
  const log: string[] = [];
  const { server, stream } = start({
    getState: async () => {
      log.push('state');
      return new Response('[]', { headers: { 'Event-Cursor': 'e-40' } });
    },
    onEvent: ({ id }) => void log.push(id),
  });
  await settle();
  assert.equal(server.last.query.get('after'), 'e-40');
  assert.equal(server.last.headers.get('Last-Event-ID'), null);
  server.last.begin({ id: 'e-40' }).event('e-41');
  await settle();
  assert.deepEqual(log, ['state', 'e-41']);
  stream.close();
});

test('after a gap the state is loaded again, and the stream goes on from the new cursor', async () => {
  const log: string[] = [];
  let cursor = 40;
  const { server, clock, stream } = start({
    getState: async () => (log.push(`state ${cursor}`), `e-${cursor}`),
    onEvent: ({ id }) => void log.push(id),
    onGap: () => void log.push('gap'),
  });
  await settle();
  server.last.begin({ id: 'e-40' }).live().event('e-41');
  await settle();
  cursor = 90;
  server.last.send('id: e-80\nevent: stream.gap\ndata: {"after":"e-41","next":"e-81","reason":"limit"}\n\n').event('e-81').event('e-82');
  await clock.advance(0);
  assert.equal(server.connections.length, 2);
  assert.equal(server.last.query.get('after'), 'e-90');
  server.last.begin({ id: 'e-90' }).event('e-91').end();
  await clock.until(() => server.connections.length === 3);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-91');
  assert.deepEqual(log, ['state 40', 'e-41', 'gap', 'state 90', 'e-91']);
  stream.close();
});

test('a server that comes back at the last try, and has lost what it had, is none that failed', async () => {
  const { server, clock, stream } = start({ getState: async () => 'e-1', onEvent() {}, retries: 3 });
  server.onConnect = connection => {
    if (server.connections.length <= 3) return void connection.answer(503);
    connection.begin({ id: 'f-9' });
    if (server.connections.length === 4) connection.send('id: f-9\nevent: stream.gap\ndata: {"after":"e-1","next":"f-10","reason":"epoch"}\n\n');
    else connection.live();
  };
  await clock.until(() => stream.state.name === 'live' || stream.state.name === 'closed');
  assert.deepEqual([stream.state.name, server.connections.length], ['live', 5]);
  stream.close();
});

test('a state that cannot be loaded in an open stream is asked for less and less often, however slowly it fails', async () => {
  const clock = new FakeClock();
  let asked = 0;
  const { server, stream } = start({
    clock, onEvent() {},
    getState: () => new Promise((resolve, reject) => {
      if (asked++ % 2 === 0) resolve(null);
      else clock.setTimeout(() => reject(new Error('503')), 1_100);
    }),
  });
  server.onConnect = connection => connection.begin({ id: 'e-1' }).live();
  await clock.advance(120_000);
  assert.ok(server.connections.length > 3 && server.connections.length < 20, `${server.connections.length} connections in two minutes`);
  stream.close();
});

test('a state that is older than what came before the gap is followed by all that came since', async () => {
  const log: string[] = [];
  let cursor = 'e-0';
  const { server, clock, stream } = start({
    getState: async () => (log.push(`state ${cursor}`), cursor),
    onEvent: ({ id }) => void log.push(id),
  });
  await settle();
  server.last.begin({ id: 'e-0' }).live().event('e-6').event('e-7');
  await settle();
  cursor = 'e-5';
  server.last.send('id: e-7\nevent: stream.gap\ndata: {"after":"e-7","next":"e-8","reason":"limit"}\n\n');
  await clock.advance(0);
  server.last.begin({ id: 'e-5' }).event('e-6').event('e-7').event('e-8').event('e-7');
  await settle();
  assert.deepEqual(log, ['state e-0', 'e-6', 'e-7', 'state e-5', 'e-6', 'e-7', 'e-8']);
  assert.equal(stream.lastEventId, 'e-8');
  stream.close();
});

test('gaps without end do not become a storm, however long the state takes', async () => {
  for (const cursor of ['e-1', null]) {
    const clock = new FakeClock();
    const { server, stream } = start({
      clock, onEvent() {}, retries: 12, getState: () => new Promise(resolve => clock.setTimeout(() => resolve(cursor), 1_010)),
    });
    const begun = clock.now();
    for (let i = 1; i <= 8; i++) {
      await clock.until(() => server.connections.length === i);
      server.last.begin({ id: 'e-1' }).send(`id: e-5\nevent: stream.gap\ndata: {"after":"e-1","next":"e-6","reason":"limit"}\n\n`);
      await settle();
    }
    // The states alone take 8 s of it, or 16.
    assert.ok(clock.now() - begun > 40_000, `eight gaps in ${clock.now() - begun} ms`);
    stream.close();
  }
});

test('gaps without end are given up after so many as failures are', async () => {
  const { server, clock, stream } = start({ getState: async () => 'e-1', onEvent() {}, retries: 3 });
  for (let i = 1; stream.state.name !== 'closed'; i++) {
    await clock.until(() => server.connections.length === i || stream.state.name === 'closed');
    server.last.begin({ id: 'e-1' }).send(`id: e-5\nevent: stream.gap\ndata: {"after":"e-1","next":"e-6","reason":"limit"}\n\n`);
    await settle();
  }
  // The first is none: a server that comes back may have lost something.
  assert.deepEqual([server.connections.length, stream.state.reason], [5, 'gap']);
});

test('where the log was never reached the state is loaded once more when the stream is open, and events wait for it', async () => {
  const log: string[] = [];
  let release!: () => void;
  const { server, clock, stream } = start({
    getState: async () => {
      log.push('loading');
      if (log.length > 1) await new Promise<void>(resolve => (release = resolve));
      log.push('loaded');
      return log.length > 2 ? 'e-99' : null;
    },
    onEvent: ({ id }) => void log.push(id),
  });
  await settle();
  assert.equal(server.last.query.get('after'), null);
  server.last.begin({ id: 'e-1' }).event('e-2');
  await settle();
  assert.deepEqual(log, ['loading', 'loaded', 'loading']);
  release();
  await settle();
  assert.deepEqual(log, ['loading', 'loaded', 'loading', 'loaded', 'e-2']);
  server.last.end();
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-2');
  stream.close();
});

test('a state that cannot be loaded is tried again, with the reason', async () => {
  let fails = true;
  const { server, clock, stream } = start({
    onEvent() {},
    getState: async () => fails ? new Response('', { status: 503, headers: { 'Retry-After': '7' } }) : 'e-1',
  });
  await settle();
  assert.equal(stream.state.reason, 'state');
  assert.ok(stream.state.retryAt! - clock.now() >= 7_000);
  fails = false;
  await clock.until(() => server.connections.length === 1);
  assert.equal(server.last.query.get('after'), 'e-1');
  stream.close();
});

test('a cursor is kept when its event was handled, and not before', async () => {
  const saved: string[] = [];
  const store = { load: () => 'e-7', save: (_: string, cursor: string) => void saved.push(cursor) };
  const { server, stream } = start({ store });
  await settle();
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-7');
  server.last.begin({ id: 'e-7' }).event('e-8').event('e-9');
  await settle();
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  assert.deepEqual(saved, ['e-7'], 'e-8 is given, and not yet done with');
  await iterator.next();
  assert.deepEqual(saved, ['e-7', 'e-8']);
  void iterator.next();
  await settle();
  assert.deepEqual(saved, ['e-7', 'e-8', 'e-9']);
  server.last.send('id: e-50\nevent: stream.heartbeat\ndata: {}\n\n');
  await settle();
  assert.equal(saved.at(-1), 'e-50');
  stream.close();
});

test('an event at which the loop was left, be it by an error, counts as not handled', async () => {
  const saved: string[] = [];
  const { server, stream } = start({ store: { load: () => null, save: (_, cursor) => void saved.push(cursor) } });
  await settle();
  server.last.begin({ id: 'e-1' }).event('e-2').event('e-3');
  await settle();
  await assert.rejects(async () => {
    for await (const event of stream) if (event.id === 'e-3') throw new Error('the database is away');
  }, /database/);
  assert.deepEqual([stream.state.name, saved.at(-1)], ['closed', 'e-2']);
});

test('a decoder that fails marks the event; one that cannot say is asked again', async () => {
  let tries = 0;
  const events: StreamEvent[] = [];
  const { server, clock, stream } = start({
    decode: [
      event => ({ ...event, data: event.data.toUpperCase() }),
      async event => {
        if (event.id === 'e-2' && ++tries === 1) throw new Error('the keys are out of reach');
        return event;
      },
    ],
    onEvent: event => void events.push(event),
  });
  await settle();
  server.last.begin().event('e-1', 'a').event('e-2', 'b');
  await clock.until(() => server.connections.length === 2);
  assert.equal(server.last.headers.get('Last-Event-ID'), 'e-1');
  server.last.begin({ id: 'e-1' }).event('e-2', 'b');
  await settle();
  assert.deepEqual(events.map(event => event.data), ['A', 'B']);
  stream.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fallback, longPoll, webSocket } from '../src/fallback.js';
import { eventStream, subscribe, type StreamEvent, type StreamState, type SubscribeOptions } from '../src/index.js';
import { nativeEventSource } from '../src/event-source.js';
import { LogServer } from './log-server.js';
import { FakeClock, settle } from './support.js';

const open = 'retry: 1000\n\nid: k3-0\nevent: stream.open\ndata: {"session":"s","recovered":true,"epoch":"k3","latest":"k3-0"}\n\n';

function start(options: SubscribeOptions & { sse?: (request: number) => Response | Promise<Response> } = {}) {
  const clock = new FakeClock();
  const server = new LogServer(clock);
  const events: StreamEvent[] = [];
  const states: StreamState[] = [];
  const { sse, ...rest } = options;
  let count = 0;
  const stream = subscribe('http://server/events', {
    topics: 'orders/**',
    clock,
    environment: {},
    // What the network does to event streams; all else reaches the server.
    fetch: (url, init) => sse && new Headers(init?.headers).get('Accept') === 'text/event-stream' ? Promise.resolve(sse(++count)) : server.fetch(url, init),
    transport: fallback({ transports: [eventStream, webSocket({ open: server.socket }), longPoll()] }),
    onEvent: event => void events.push(event),
    onState: state => void states.push(state),
    ...rest,
  });
  return { clock, server, stream, events, states };
}

const stream = (body: ReadableStream<Uint8Array> | string) => new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });

test('a proxy that buffers until the end makes it fall back to a WebSocket, and nothing is lost', async () => {
  const { clock, server, stream: subscription, events, states } = start({ after: 'k3-0', sse: () => stream(new ReadableStream()) });
  server.publish('orders/1', 'one');
  await clock.advance(9_000);
  assert.deepEqual(events, []);
  await clock.advance(4_000);
  server.publish('orders/1', 'two');
  await settle();
  assert.deepEqual(events.map(({ id, type, data }) => ({ id, type, data })), [
    { id: 'k3-1', type: 'order.created', data: 'one' },
    { id: 'k3-2', type: 'order.created', data: 'two' },
  ]);
  assert.deepEqual([subscription.state.name, subscription.state.transport], ['live', 'websocket']);
  assert.ok(states.some(state => state.reason === 'silent'));
  subscription.close();
});

test('three lives under a second make it fall back, two do not', async () => {
  const { clock, server, stream: subscription, states } = start({ sse: () => stream(open) });
  await clock.until(() => subscription.state.transport === 'websocket');
  assert.equal(states.filter(state => state.name === 'waiting' && state.reason === 'ended').length, 3);
  assert.equal(server.requests.at(-1)!.url.searchParams.get('after'), 'k3-0');
  subscription.close();
});

test('lives that the server itself ends, refusals and a server that is away break no transport', async () => {
  const answers = [
    () => stream('retry: 10\nevent: stream.close\ndata: {"reason":"drain","retryMs":3000}\n\n'),
    () => new Response('', { status: 503 }),
    () => Promise.reject(new TypeError('fetch failed')),
  ];
  for (const answer of answers) {
    const { clock, stream: subscription, states } = start({ sse: answer });
    await clock.advance(60_000);
    assert.ok(states.length > 5);
    assert.deepEqual([...new Set(states.map(state => state.transport).filter(Boolean))], ['sse']);
    subscription.close();
  }
});

test('where WebSockets are kept out too, long polls are left', async () => {
  const { clock, server, stream: subscription, events } = start({
    after: 'k3-0',
    sse: () => stream(new ReadableStream()),
    transport: fallback({
      transports: [eventStream, webSocket({ open: () => {
        const target = new EventTarget();
        setImmediate(() => {
          target.dispatchEvent(new Event('error'));
          target.dispatchEvent(new Event('close'));
        });
        return { addEventListener: (type, listener) => target.addEventListener(type, listener), close() {} };
      } }), longPoll()],
    }),
  });
  server.publish('orders/1', 'one');
  await clock.until(() => events.length === 1);
  server.publish('other', 'not asked for');
  server.publish('orders/2', 'two\nlines');
  await clock.until(() => events.length === 2);
  assert.deepEqual([subscription.state.name, subscription.state.transport], ['live', 'long-poll']);
  assert.deepEqual(events.map(event => event.data), ['one', 'two\nlines']);
  assert.equal(subscription.lastEventId, 'k3-3');
  // It goes on as long as it lasts, without a word from the server.
  await clock.advance(120_000);
  assert.equal(subscription.state.name, 'live');
  subscription.close();
});

test('the better transport is tried again later, and less and less often', async () => {
  let works = false;
  const tries: number[] = [];
  const { clock, server, stream: subscription } = start({
    sse: () => {
      tries.push(clock.now());
      return works ? server.fetch('http://server/events?topic=orders/**') : stream(new ReadableStream());
    },
  });
  const begun = clock.now();
  await clock.advance(2 * 3_600_000);
  const minutes = tries.map(at => Math.floor((at - begun) / 60_000));
  assert.deepEqual(minutes, [0, 10, 30, 70]);
  works = true;
  await clock.advance(2 * 3_600_000);
  assert.equal(subscription.state.transport, 'sse');
  subscription.close();
});

test('numbers, strings and binary are the same over each transport', async () => {
  const { clock, stream: subscription, events } = start({ transport: webSocket({ open: () => {
    const target = new EventTarget();
    queueMicrotask(() => {
      target.dispatchEvent(new Event('open'));
      const send = (rest: string) => target.dispatchEvent(new MessageEvent('message', { data: `{"specversion":"1.0","type":"t",${rest}}` }));
      send('"id":"e-1","topic":"a/b","data":12345678901234567890123.10,"datacontenttype":"application/json"');
      send('"id":"e-2","data":{"data":"inner","a":[1,{"b":"}]"}]},"key":"k"');
      send('"id":"e-3", "data" : "a \\"quoted\\" \\u00e9" , "datacontenttype":"text/plain"');
      send('"id":"e-4","datacontenttype":"image/png","data_base64":"iVBO"');
      send('"id":"e-5"');
      send('"id":"e-6","data":null');
    });
    return { addEventListener: (type, listener) => target.addEventListener(type, listener), close() {} };
  } }) });
  await clock.until(() => events.length === 6);
  assert.deepEqual(events.map(event => event.data), [
    '12345678901234567890123.10', '{"data":"inner","a":[1,{"b":"}]"}]}', 'a "quoted" é', 'data:image/png;base64,iVBO', '', 'null',
  ]);
  assert.deepEqual([events[0]!.topic, events[0]!.contentType, events[1]!.attributes!.key], ['a/b', 'application/json', 'k']);
  subscription.close();
});

test('a socket that sends what is no text is a network that fails, with its back-off', async () => {
  let sockets = 0;
  const { clock, stream: subscription, states } = start({ transport: webSocket({ open: () => {
    const target = new EventTarget();
    sockets++;
    queueMicrotask(() => {
      target.dispatchEvent(new Event('open'));
      target.dispatchEvent(new MessageEvent('message', { data: new ArrayBuffer(4) }));
    });
    return { addEventListener: (type, listener) => target.addEventListener(type, listener), close() {} };
  } }) });
  await clock.advance(60_000);
  assert.ok(sockets > 3 && sockets < 20, `${sockets} sockets in a minute`);
  assert.equal(states.find(state => state.name === 'waiting')!.reason, 'network');
  subscription.close();
});

test('a socket’s consumer that stops is bounded, and loses nothing', async () => {
  const clock = new FakeClock();
  const server = new LogServer(clock);
  const subscription = subscribe('http://server/events', {
    topics: 'orders/**', clock, environment: {}, queue: 4, transport: webSocket({ open: server.socket }),
  });
  await settle();
  for (let i = 1; i <= 5_000; i++) server.publish('orders/1', `${i}`);
  await settle();
  assert.equal(server.readers.size, 0, 'the socket is closed');
  const data: string[] = [];
  const reading = (async () => {
    for await (const event of subscription) {
      data.push(event.data);
      if (data.length === 5_000) break;
    }
  })();
  await clock.until(() => data.length === 5_000);
  await reading;
  assert.deepEqual(data, Array.from({ length: 5_000 }, (_, i) => `${i + 1}`));
});

test('gaps are told over sockets and polls', async () => {
  for (const transport of [(server: LogServer) => webSocket({ open: server.socket }), () => longPoll()]) {
    const clock = new FakeClock();
    const server = new LogServer(clock);
    const gaps: unknown[] = [];
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) server.log.push({ topic: 'orders/1', type: 't', data: `${i}` });
    server.first = 4;
    const subscription = subscribe('http://server/events', {
      topics: 'orders/**', after: 'k3-1', clock, environment: {}, fetch: server.fetch, transport: transport(server),
      onGap: gap => void gaps.push(gap), onEvent: event => void ids.push(event.id),
    });
    await clock.until(() => ids.length === 2);
    assert.deepEqual(gaps, [{ after: 'k3-1', next: 'k3-4', reason: 'evicted' }]);
    assert.deepEqual(ids, ['k3-4', 'k3-5']);
    subscription.close();
  }
});

function polls(answers: ((url: URL) => Response)[], options: SubscribeOptions = {}) {
  const asked: URL[] = [];
  const started = start({
    transport: longPoll(), ...options,
    fetch: async url => {
      asked.push(new URL(String(url)));
      const answer = answers[asked.length - 1];
      return answer ? answer(asked.at(-1)!) : new Promise<never>(() => {});
    },
  });
  return { ...started, asked };
}

const batch = (ids: string[], link?: string) => Response.json(
  ids.map(id => ({ specversion: '1.0', id, source: '/', type: 't', topic: 'a', data: id })),
  link === undefined ? {} : { headers: { Link: `</events?topic=a&after=${link}>; rel="next"` } });

test('a long poll whose link is taken away goes on after the batch', async () => {
  const { clock, stream: subscription, asked, events } = polls([() => batch(['e-1', 'e-2']), () => batch(['e-3']), () => batch([])]);
  await clock.until(() => asked.length === 4);
  assert.deepEqual(asked.map(url => url.searchParams.get('after')), [null, 'e-2', 'e-3', 'e-3']);
  assert.deepEqual(events.map(event => event.id), ['e-1', 'e-2', 'e-3']);
  assert.deepEqual([subscription.state.name, asked[3]!.searchParams.get('wait')], ['live', '25']);
  subscription.close();
});

test('a long poll without a link and without an event says of no place that it is live', async () => {
  const { clock, stream: subscription, states } = polls(Array.from({ length: 1_000 }, () => () => batch([])));
  await clock.advance(10_000);
  assert.ok(!states.some(({ name }) => name === 'live'));
  assert.match(subscription.state.error?.message ?? '', /Link/);
  subscription.close();
});

test('long polls that lead no further wait before they come again', async () => {
  const { clock, stream: subscription, asked, events } = polls(Array.from({ length: 1_000 }, () => () => batch(['e-1'], 'e-1')));
  await clock.advance(60_000);
  assert.ok(asked.length > 3 && asked.length < 20, `${asked.length} polls in a minute`);
  assert.deepEqual(events.map(event => event.id), ['e-1']);
  subscription.close();
});

test('a state that has no cursor is loaded once more before the first event of a long poll', async () => {
  const log: string[] = [];
  const { clock, stream: subscription } = polls([() => batch(['e-1'], 'e-1'), () => batch([], 'e-1')], {
    getState: async () => (log.push('state'), null),
    onOpen: ({ recovered }) => void log.push(`open ${recovered}`),
    onEvent: ({ id }) => void log.push(id),
    onLive: () => void log.push('live'),
  });
  await clock.until(() => log.includes('live'));
  assert.deepEqual(log, ['state', 'open false', 'state', 'e-1', 'live']);
  subscription.close();
});

test('a silent socket is given up, and heartbeats keep it', async () => {
  const clock = new FakeClock();
  const server = new LogServer(clock);
  const subscription = subscribe('http://server/events', {
    topics: 'a', clock, environment: {}, transport: webSocket({ open: server.socket }), onEvent() {},
  });
  await settle();
  assert.equal(server.requests[0]!.url.searchParams.get('heartbeat'), 'event');
  for (let i = 0; i < 20; i++) {
    await clock.advance(15_000);
    for (const reader of server.readers) {
      reader.send(JSON.stringify({ specversion: '1.0', id: `k3-${i}`, source: '/events#control', type: 'stream.heartbeat', data: {} }));
    }
  }
  assert.equal(server.requests.length, 1);
  await clock.advance(46_000);
  assert.equal(server.requests.length, 2);
  assert.equal(server.requests[1]!.url.searchParams.get('after'), 'k3-19');
  subscription.close();
});

test('a native EventSource carries the stream where nothing else does', async () => {
  const clock = new FakeClock();
  const ids: string[] = [];
  const sources: { url: string; target: EventTarget; closed: boolean }[] = [];
  const subscription = subscribe('http://server/events', {
    topics: 'a', after: 'e-0', clock, environment: {}, onEvent: event => void ids.push(`${event.id} ${event.data}`),
    transport: nativeEventSource({
      types: ['order.created'],
      open: url => {
        const target = new EventTarget();
        const source = { url, target, closed: false };
        sources.push(source);
        return Object.assign(target, { close: () => (source.closed = true) }) as unknown as EventSource;
      },
    }),
  });
  await settle();
  const send = (type: string, lastEventId: string, data: string) => sources.at(-1)!.target.dispatchEvent(new MessageEvent(type, { lastEventId, data }));
  send('stream.open', 'e-0', '{"recovered":true}');
  send('order.created', 'e-1', 'one');
  send('stream.live', 'e-1', '{"replayed":1}');
  await settle();
  assert.equal(subscription.state.name, 'live');
  sources.at(-1)!.target.dispatchEvent(new Event('error'));
  await clock.until(() => sources.length === 2);
  assert.equal(sources[0]!.closed, true);
  assert.equal(new URL(sources[1]!.url).searchParams.get('lastEventId'), 'e-1');
  send('order.created', 'e-1', 'one');
  send('order.created', 'e-2', 'two');
  await settle();
  assert.deepEqual(ids, ['e-1 one', 'e-2 two']);
  subscription.close();
  await settle();
  assert.equal(sources[1]!.closed, true);
});


import assert from 'node:assert/strict';
import { test } from 'node:test';
import WebSocketOfNode from 'ws';
import { fallback, longPoll, webSocket } from '../src/fallback.js';
import { subscribe, type StreamEvent, type StreamGap, type SubscribeOptions, type Transport } from '../src/index.js';
import { session } from '../src/session.js';

// The address of the real API's endpoint, such as http://localhost:5080/events.
const url = process.env.EVENTS_URL;
const skip = url ? false : 'EVENTS_URL is not set: give the address of a running server’s endpoint, such as http://localhost:5080/events';

const sockets = () => webSocket({ open: (address, protocol) => new WebSocketOfNode(address, protocol) });
const topic = () => `public/typescript/${crypto.randomUUID()}`;

async function publish(to: string, data: unknown, type = 'test.happened'): Promise<string> {
  const response = await fetch(url!, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ topic: to, type, data }),
  });
  assert.equal(response.status, 202, await response.clone().text());
  return ((await response.json()) as { id: string }).id;
}

function start(options: SubscribeOptions) {
  const events: StreamEvent[] = [];
  const gaps: StreamGap[] = [];
  let check = () => {};
  const stream = subscribe(url!, {
    ...options,
    onEvent: event => {
      events.push(event);
      check();
    },
    onGap: gap => void gaps.push(gap),
    onState: () => check(),
  });
  const until = (condition: () => boolean) => new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`It never came to be: ${condition}; ${JSON.stringify(stream.state)}`)), 30_000);
    check = () => {
      if (!condition()) return;
      clearTimeout(timer);
      resolve();
    };
    check();
  });
  return { stream, events, gaps, until };
}

const awkward = ['', 'a', 'two\nlines', 'ends\n', ' leading', ': no comment', 'data: x', 'ünï\u{1F642}', '\u2028', { n: 12345678901234567n.toString(), list: [1, null] }, 1.5, null, true, [], 'x'.repeat(10_000)];
const texts = awkward.map(data => (typeof data === 'string' ? data : JSON.stringify(data)));

for (const [name, transport] of Object.entries<() => Transport | undefined>({ sse: () => undefined, websocket: sockets, 'long-poll': () => longPoll({ wait: 5 }) })) {
  test(`the real server over ${name}: live, exact, resumed`, { skip, timeout: 90_000 }, async () => {
    const to = topic();
    const chosen = transport();
    const { stream, events, gaps, until } = start({ topics: to, retryMin: 100, ...(chosen && { transport: chosen }) });
    await until(() => stream.state.name === 'live');
    const ids: string[] = [];
    for (const data of awkward) ids.push(await publish(to, data));
    await until(() => events.length === awkward.length);
    assert.deepEqual(events.map(event => event.data), texts);
    assert.deepEqual(events.map(event => event.id), ids);
    stream.close();

    const resumed = start({ topics: to, after: ids[3]!, ...(chosen && { transport: chosen }) });
    await resumed.until(() => resumed.events.length === awkward.length - 4);
    resumed.stream.reconnect();
    ids.push(await publish(to, 'after the reconnect'));
    await resumed.until(() => resumed.events.length === awkward.length - 3);
    assert.deepEqual(resumed.events.map(event => event.id), ids.slice(4));
    assert.deepEqual([gaps, resumed.gaps], [[], []]);
    resumed.stream.close();
  });

  test(`the real server over ${name}: a cursor of an earlier life of the log is a gap`, { skip, timeout: 60_000 }, async () => {
    const chosen = transport();
    const { stream, gaps, until } = start({ topics: topic(), after: '00000000-7', ...(chosen && { transport: chosen }) });
    await until(() => stream.state.name === 'live');
    assert.equal(gaps.length, 1);
    assert.equal(gaps[0]!.after, '00000000-7');
    stream.close();
  });
}

test('the real server: Node keeps its session by the token that each answer gives', { skip, timeout: 60_000 }, async () => {
  const sessions: string[] = [];
  const kept = session();
  const to = topic();
  const stream = subscribe(url!, { topics: to, session: kept, retryMin: 10, onEvent() {}, onOpen: open => void sessions.push(open.session) });
  for (let i = 1; i <= 3; i++) {
    while (sessions.length < i) await new Promise(resolve => setImmediate(resolve));
    stream.reconnect();
  }
  stream.close();
  assert.equal(new Set(sessions.slice(0, 3)).size, 1);
});

test('the real server: what is wrong with the request ends the subscription with its status', { skip, timeout: 30_000 }, async () => {
  const { stream } = start({ topics: 'a//b', transport: fallback() });
  await stream.closed;
  assert.equal((stream.state.error as { status?: number }).status, 400);
});

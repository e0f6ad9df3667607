import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Window } from 'happy-dom';
import type { StreamEvent } from '@buffkit/client';
import { LogServer } from './log-server.js';
import { FakeClock, settle } from './support.js';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

test('the README shows the examples as they are compiled and tested', () => {
  const readme = read('README.md');
  for (const file of readdirSync(new URL('examples', root))) {
    assert.ok(readme.includes(`\n${read(`examples/${file}`)}\`\`\``), `README.md has another text than examples/${file}`);
  }
});

test('StrictMode’s mount, unmount and mount make one stream, which ends with the component', async () => {
  const window = new Window();
  Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
  // Node has one since 21, which cannot be assigned.
  if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: window.navigator });
  try {
    const { act, createElement, StrictMode } = await import('react');
    const { createRoot } = await import('react-dom/client');
    const { useEventStream } = await import('../examples/react.js');
    const server = new LogServer();
    const clock = new FakeClock();
    const events: StreamEvent[] = [];
    let mounts = 0;
    const Orders = ({ label }: { label: string }) => {
      mounts++;
      const state = useEventStream('http://server/events', 'orders/**', event => void events.push({ ...event, data: `${label} ${event.data}` }), {
        fetch: server.fetch, clock, environment: {},
      });
      return createElement('p', null, state.name);
    };
    const app = createRoot(window.document.body as unknown as Element);
    const render = (label: string) => act(async () => {
      app.render(createElement(StrictMode, null, createElement(Orders, { label })));
      await settle();
    });
    await render('a');
    assert.ok(mounts > 1, 'StrictMode renders twice');
    assert.equal(window.document.body.textContent, 'live');
    await act(async () => {
      server.publish('orders/1', 'one');
      await settle();
    });
    await render('b');
    await act(async () => {
      server.publish('orders/1', 'two');
      await settle();
    });
    assert.equal(server.requests.length, 1);
    assert.deepEqual(events.map(event => event.data), ['a one', 'b two']);
    await act(async () => app.unmount());
    await settle();
    assert.equal(server.readers.size, 0);
    assert.equal(clock.pending, 0);
  } finally {
    Object.assign(globalThis, { window: undefined, document: undefined });
    await window.happyDOM.close();
  }
});

test('the store opens one stream for all who subscribe, and closes it after the last', async () => {
  const { eventStore } = await import('../examples/store.js');
  const server = new LogServer();
  const clock = new FakeClock();
  const store = eventStore<string[]>('http://server/events', { topics: 'orders/**', fetch: server.fetch, clock, environment: {} }, [], (all, event) => [...all, event.data]);
  const seen: string[] = [];
  const leave = store.subscribe(({ data, state }) => void seen.push(`${state.name} ${data.join()}`));
  assert.deepEqual(seen, ['connecting ']);
  const leaveToo = store.subscribe(() => {});
  await settle();
  server.publish('orders/1', 'one');
  await settle();
  assert.equal(seen.at(-1), 'live one');
  assert.equal(server.requests.length, 1);
  leave();
  leaveToo();
  await settle();
  assert.equal(server.readers.size, 0);
  server.publish('orders/1', 'two');
  const leaveLast = store.subscribe(({ data }) => void seen.push(data.join()));
  await clock.advance(0);
  assert.equal(seen.at(-1), 'one,two');
  leaveLast();
});

test('a worker handles each event once it has handled the one before', async () => {
  const { handleOrders } = await import('../examples/worker.js');
  const server = new LogServer();
  const before = globalThis.fetch;
  globalThis.fetch = server.fetch;
  try {
    const controller = new AbortController();
    const handled: unknown[] = [];
    const done = handleOrders('http://server/events', async () => 'jwt', async order => void handled.push(order), controller.signal);
    await settle();
    server.publish('orders/1', '{"id":1}');
    server.publish('orders/1', '{"id":2}', 'order.cancelled');
    server.publish('orders/1', '{"id":3}');
    await settle();
    assert.deepEqual(handled, [{ id: 1 }, { id: 3 }]);
    assert.equal(server.requests[0]!.headers.get('Authorization'), 'Bearer jwt');
    controller.abort();
    await done;
  } finally {
    globalThis.fetch = before;
  }
});

test('the package exports what its manifest says, without a dependency at run time', async () => {
  const manifest = JSON.parse(read('package.json')) as { name: string; exports: Record<string, { types: string; default: string } | string>; dependencies?: object; sideEffects: boolean; type: string };
  assert.deepEqual([manifest.dependencies, manifest.sideEffects, manifest.type], [undefined, false, 'module']);
  for (const [path, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue;
    assert.ok(existsSync(new URL(target.types, root)), target.types);
    const exported = (await import(manifest.name + path.slice(1))) as object;
    assert.ok(Object.keys(exported).length > 0, path);
    const text = read(target.default);
    assert.doesNotMatch(text, /from "(?!\.\/index\.js")|require\(|node:/, `${path} imports nothing but the core`);
  }
});

test('the bundle for pages without a bundler stands alone and says its version and licence', async () => {
  const text = read('dist/event-stream.js');
  assert.match(text, /^\/\*! event-stream \d+\.\d+\.\d+, MIT licence \*\//);
  assert.doesNotMatch(text, /^import /m);
  const exported = (await import(new URL('dist/event-stream.js', root).href)) as Record<string, unknown>;
  for (const name of ['subscribe', 'fallback', 'shared', 'sessionStore', 'describe']) assert.equal(typeof exported[name], 'function', name);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBinary, toBase64 } from '../src/binary.js';
import { cloudEvents, keyOf } from '../src/cloudevents.js';
import { decrypt } from '../src/encryption.js';
import { subscribe, type StreamEvent, type SubscribeOptions } from '../src/index.js';
import { matches } from '../src/topics.js';
import { FakeClock, FakeConnection } from './support.js';

const base64Url = (bytes: Uint8Array) => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const utf8 = (text: string) => new TextEncoder().encode(text);
const secret = crypto.getRandomValues(new Uint8Array(32));

async function jwe(payload: Uint8Array<ArrayBuffer> | string, more: Record<string, unknown> = {}): Promise<string> {
  const header = base64Url(utf8(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: 'k.1', topic: 'user/ada/health', type: 't', cty: 'application/json', ...more })));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt']);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(header) }, key, typeof payload === 'string' ? utf8(payload) : payload));
  return [header, '', base64Url(iv), base64Url(sealed.subarray(0, -16)), base64Url(sealed.subarray(-16))].join('.');
}

async function open(payloads: (string | Promise<string>)[], options: SubscribeOptions = {}, keys?: (count: number) => Response) {
  const clock = new FakeClock();
  const events: StreamEvent[] = [];
  let asked = 0;
  const stream = subscribe('http://server/events', {
    topics: ['user/ada/**'], clock, environment: {}, decode: decrypt(), token: () => 'jwt', onEvent: event => void events.push(event),
    fetch: async (url, init) => {
      if (new URL(String(url)).pathname === '/events/keys') {
        assert.equal(new Headers(init?.headers).get('Authorization'), 'Bearer jwt');
        assert.equal(new URL(String(url)).searchParams.get('topic'), 'user/ada/health');
        return keys?.(++asked) ?? Response.json({ keys: [{ kty: 'oct', kid: `k.${++asked}`, alg: 'A256GCM', use: 'enc', k: base64Url(secret) }] });
      }
      const connection = new FakeConnection(String(url), init).begin();
      for (const [i, payload] of (await Promise.all(payloads)).entries()) connection.event(`e-${i + 1}`, payload, 't');
      return connection.answered;
    },
    ...options,
  });
  for (let i = 0; i < 200 && events.length < payloads.length; i++) await clock.advance(keys ? 500 : 0);
  stream.close();
  return { events, asked };
}

test('encrypted events are opened, in order with those that are not, and read as if they had never been', async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(300));
  const { events, asked } = await open([
    jwe('{"pulse":61}'), 'plain', jwe('"text"'), jwe(bytes, { cty: 'image/png' }), jwe('<b>', { cty: 'text/plain; charset=utf-8' }), 'a.b.c.d.e',
  ]);
  assert.deepEqual(events.map(event => event.data).filter((_, i) => i !== 3), ['{"pulse":61}', 'plain', 'text', '<b>', 'a.b.c.d.e']);
  assert.deepEqual(readBinary(events[3]!), { contentType: 'image/png', bytes });
  assert.equal(events[0]!.topic, 'user/ada/health');
  assert.equal(asked, 1, 'keys are kept');
});

test('a key that is not known is asked for again, once', async () => {
  const { events, asked } = await open([jwe('1'), jwe('2', { kid: 'k.2' }), jwe('3', { kid: 'k.9' }), jwe('4', { kid: 'k.9' })]);
  assert.deepEqual(events.map(event => event.error ? 'unreadable' : event.data), ['1', '2', 'unreadable', 'unreadable']);
  assert.equal(asked, 3);
});

test('a payload of another topic or type, or one that was changed, is not believed', async () => {
  const changed = (await jwe('1')).replace(/\.([\w-])([\w-]*)$/, (_, first, rest) => `.${first === 'A' ? 'B' : 'A'}${rest}`);
  const { events } = await open([jwe('1', { topic: 'user/bob/health' }), jwe('1', { type: 'other' }), changed]);
  assert.equal(events.length, 3);
  for (const event of events) assert.ok(event.error && event.data.startsWith('ey'), event.data);
});

test('while the keys are out of reach events wait, and are not lost', async () => {
  const { events } = await open([jwe('1')], {}, count => count < 3
    ? new Response('', { status: 503, headers: { 'Retry-After': '2' } })
    : Response.json({ keys: [{ kty: 'oct', kid: 'k.1', k: base64Url(secret) }] }));
  assert.deepEqual(events.map(event => event.data), ['1']);
});

test('who may not have the keys is told so with the event', async () => {
  const { events } = await open([jwe('1')], {}, () => new Response('', { status: 403 }));
  assert.equal((events[0]!.error as { status?: number }).status, 403);
});

test('forged payloads stop nobody: each is told as unreadable, and what follows comes', async () => {
  const forged = (header: unknown, rest = '.AA.AA.AA') => `${base64Url(utf8(JSON.stringify(header)))}.${rest}`;
  const good = { alg: 'dir', enc: 'A256GCM', kid: 'k.1', topic: 'user/ada/health', type: 't', cty: 'application/json' };
  const payloads = [
    forged({ ...good, topic: 1 }), forged({ ...good, kid: {} }), forged({ ...good, type: ['t'] }), forged({ ...good, cty: 5 }), forged({ ...good, cty: undefined }),
    // Base64 of one character is none.
    forged(good, '.A.AA.AA'), forged(good, '.AA.A.AA'), forged(good, '.AAAAAAAAAAAAAAAA.AA.A'),
    await jwe('1', { cty: 5 }), await jwe('1', { cty: null }),
  ];
  const { events } = await open([...payloads, forged(null), jwe('2')]);
  assert.deepEqual(events.map(event => event.error?.name ?? event.data), [...payloads.map(() => 'UnreadableEventError'), forged(null), '2']);
  assert.deepEqual(events.slice(0, payloads.length).map(event => event.data), payloads);
});

test('a topic so long that its keys cannot be asked for closes nothing', async () => {
  const { events } = await open([jwe('1')], {}, () => new Response('', { status: 414 }));
  assert.equal((events[0]!.error as { status?: number }).status, 414);
});

test('keys that are none make the event unreadable', async () => {
  for (const keys of [{}, { keys: [{ kty: 'oct', kid: 'k.1', k: 'A' }] }, { keys: [null] }]) {
    const { events } = await open([jwe('1')], {}, () => Response.json(keys));
    assert.equal(events[0]!.error?.name, 'UnreadableEventError');
  }
});

test('HTML stays HTML, and text in it is escaped', async () => {
  const { events } = await open([jwe('<b>', { cty: 'text/html' }), jwe('"<b>"')], { format: 'html' });
  assert.deepEqual(events.map(event => event.data), ['<b>', '&#60;b&#62;']);
});

test('the format cloudevents tells topic, type and key, and its payloads are those of raw', () => {
  const decode = cloudEvents();
  const event = decode({ id: 'e-1', type: 't', data: '{"specversion":"1.0","id":"e-1","source":"/events","type":"t","topic":"a/b","key":"42","datacontenttype":"application/json","data":{"n":1.0}}' }, undefined as never) as StreamEvent;
  assert.deepEqual([event.topic, keyOf(event), event.data, event.contentType], ['a/b', '42', '{"n":1.0}', 'application/json']);
});

test('what is no CloudEvent is told as such, and what follows comes', async () => {
  const texts = ['{"specversion":', 'null', '[]', '1', '{}'];
  const { events } = await open([...texts, '{"specversion":"1.0","id":"e-6","type":"t","topic":"a/b","data":"x"}'], { decode: cloudEvents() });
  assert.deepEqual(events.map(event => [!!event.error, event.data]), [...texts.map(text => [true, text]), [false, 'x']]);
});

test('binary payloads are read from their data URI, and text is left alone', () => {
  assert.deepEqual(readBinary({ data: 'data:application/octet-stream;base64,AAH/' })!.bytes, Uint8Array.of(0, 1, 255));
  assert.equal(readBinary({ data: 'data:;base64,' })!.bytes.length, 0);
  for (const data of ['text', 'data:text/plain,hello', 'see data:image/png;base64,AAAA', 'data:image/png;base64,*']) assert.equal(readBinary({ data }), undefined);
});

test('filters match topics as the server does', () => {
  const table: [string, string, boolean][] = [
    ['orders/42', 'orders', false], ['orders/42', 'orders/42', true], ['orders/*', 'orders', false], ['orders/*', 'orders/42', true],
    ['orders/*', 'orders/42/items', false], ['orders/**', 'orders', true], ['orders/**', 'orders/42/items', true], ['**', 'a/b', true],
  ];
  for (const [filter, topic, expected] of table) assert.equal(matches(filter, topic), expected, `${filter} ${topic}`);
});

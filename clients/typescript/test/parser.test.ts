import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { EventStreamParser, type StreamMessage } from '../src/index.js';
import { bytesOf } from './support.js';

interface Case {
  name: string;
  bytes?: string;
  base64?: string;
  events: { type: string; data: string; id: string }[];
  lastEventId: string;
  retry: number | null;
}

const cases = JSON.parse(readFileSync(new URL('../../../cases/event-stream.json', import.meta.url), 'utf8')) as Case[];

function read(pieces: Uint8Array[]) {
  const parser = new EventStreamParser();
  return summary(pieces.flatMap(piece => parser.push(piece)));
}

function summary(messages: StreamMessage[]) {
  let [lastEventId, retry]: [string, number | null] = ['', null];
  const events = [];
  for (const message of messages) {
    if (message.retry !== undefined) retry = message.retry;
    else lastEventId = message.id;
    if (message.data !== undefined) events.push({ type: message.type, data: message.data, id: message.id });
  }
  return { events, lastEventId, retry };
}

describe('the parser reads what the HTML standard says', () => {
  for (const { name, bytes, base64, ...expected } of cases) {
    const input = base64 === undefined ? bytesOf(bytes!) : new Uint8Array(Buffer.from(base64, 'base64'));
    test(name, () => {
      assert.deepEqual(read([input]), expected, 'whole');
      assert.deepEqual(read([...input].map(byte => Uint8Array.of(byte))), expected, 'byte by byte');
      const step = Math.max(1, Math.floor(input.length / 400));
      for (let at = 0; at <= input.length; at += step) {
        assert.deepEqual(read([input.subarray(0, at), input.subarray(at)]), expected, `split at ${at}`);
        assert.deepEqual(read([input.subarray(0, at), new Uint8Array(), input.subarray(at)]), expected, `split at ${at}, with nothing between`);
      }
    });
  }
});

test('an event without an id of its own is told from one with it', () => {
  const [first, second] = new EventStreamParser().push(bytesOf('id:1\ndata:a\n\ndata:b\n\n'));
  assert.deepEqual([first!.ownId, second!.ownId, second!.id], [true, false, '1']);
});

test('a resumed stream goes on with the id of the one before', () => {
  assert.equal(new EventStreamParser('9').push(bytesOf('data:a\n\n'))[0]!.id, '9');
});

test('an event without an end is refused before it fills the memory', () => {
  const parser = new EventStreamParser();
  const piece = bytesOf('x'.repeat(1024 * 1024));
  assert.throws(() => {
    for (let i = 0; i < 40; i++) parser.push(piece);
  }, RangeError);
});

import type { WebSocketLike } from '../src/fallback.js';
import { matches } from '../src/topics.js';
import { bytesOf, type FakeClock } from './support.js';

export interface LogEvent {
  topic: string;
  type: string;
  data: string;
}

interface Reader {
  topics: string[];
  next: number;
  send(text: string): void;
  end(): void;
  isCloudEvents: boolean;
}

/** A small server in memory that speaks the wire contract: event streams, long polls and WebSockets over one log. */
export class LogServer {
  readonly log: LogEvent[] = [];
  readonly requests: { method: string; url: URL; headers: Headers }[] = [];
  readonly readers = new Set<Reader>();
  epoch = 'k3';
  /** Events before this one are no longer retained. */
  first = 1;
  retry = 1000;
  #waiting = new Set<() => void>();

  constructor(readonly clock?: FakeClock) {}

  id(sequence: number): string {
    return `${this.epoch}-${sequence}`;
  }

  get latest(): string {
    return this.id(this.log.length);
  }

  publish(topic: string, data: string, type = 'order.created'): string {
    this.log.push({ topic, type, data });
    for (const reader of [...this.readers]) this.#pump(reader);
    for (const wake of [...this.#waiting]) wake();
    return this.latest;
  }

  /** A new life of the log, as after a loss. */
  newEpoch(epoch: string): void {
    this.epoch = epoch;
    this.log.length = 0;
    this.first = 1;
  }

  /** Ends all streams, in order or by a cut. */
  drain(retryMs = 500): void {
    for (const reader of [...this.readers]) {
      this.#control(reader, 'stream.close', { reason: 'drain', retryMs }, undefined, `retry: ${retryMs}\n`);
      this.readers.delete(reader);
      reader.end();
    }
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input), 'http://server');
    const headers = new Headers(init?.headers);
    this.requests.push({ method: init?.method ?? 'GET', url, headers });
    const topics = url.searchParams.getAll('topic');
    if (headers.get('Accept') === 'application/cloudevents-batch+json') return this.#poll(url, topics, headers, init?.signal ?? undefined);
    const { reader, body } = this.#stream(topics);
    init?.signal?.addEventListener('abort', () => this.readers.delete(reader), { once: true });
    this.#begin(reader, headers.get('Last-Event-ID') || url.searchParams.get('lastEventId') || url.searchParams.get('after'));
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  };

  /** Opens a WebSocket. */
  readonly socket = (address: string): WebSocketLike => {
    const url = new URL(address);
    this.requests.push({ method: 'WS', url, headers: new Headers() });
    const target = new EventTarget();
    const reader: Reader = {
      topics: url.searchParams.getAll('topic'),
      next: 0,
      isCloudEvents: true,
      send: text => queueMicrotask(() => target.dispatchEvent(new MessageEvent('message', { data: text }))),
      end: () => queueMicrotask(() => target.dispatchEvent(new Event('close'))),
    };
    queueMicrotask(() => {
      target.dispatchEvent(new Event('open'));
      this.#begin(reader, url.searchParams.get('after'));
    });
    return {
      addEventListener: (type, listener) => target.addEventListener(type, listener),
      close: () => {
        if (this.readers.delete(reader)) reader.end();
      },
    };
  };

  #stream(topics: string[]): { reader: Reader; body: ReadableStream<Uint8Array> } {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const reader: Reader = {
      topics,
      next: 0,
      isCloudEvents: false,
      send: text => controller.enqueue(bytesOf(text)),
      end: () => controller.close(),
    };
    const body = new ReadableStream<Uint8Array>({
      start: started => void (controller = started),
      cancel: () => void this.readers.delete(reader),
    });
    return { reader, body };
  }

  #begin(reader: Reader, cursor: string | null): void {
    const { start, gap } = this.#find(cursor);
    reader.next = start;
    this.readers.add(reader);
    const id = this.id(start);
    this.#control(reader, 'stream.open', { session: 's', recovered: !!cursor && !gap, epoch: this.epoch, latest: id }, id, `retry: ${this.retry}\n\n`);
    if (gap) this.#control(reader, 'stream.gap', { after: cursor, next: this.id(start + 1), reason: gap }, id);
    const replayed = this.#pump(reader);
    this.#control(reader, 'stream.live', { replayed, latest: id }, undefined);
  }

  #find(cursor: string | null): { start: number; gap?: string } {
    if (!cursor) return { start: this.log.length };
    if (cursor === 'earliest') return { start: this.first - 1 };
    const [epoch, sequence] = cursor.split('-');
    if (epoch !== this.epoch) return { start: this.first - 1, gap: 'epoch' };
    const start = Number(sequence);
    return start < this.first - 1 ? { start: this.first - 1, gap: 'evicted' } : { start };
  }

  #pump(reader: Reader): number {
    let sent = 0;
    for (; reader.next < this.log.length; reader.next++) {
      const event = this.log[reader.next]!;
      if (!reader.topics.some(topic => matches(topic, event.topic))) continue;
      sent++;
      const id = this.id(reader.next + 1);
      if (reader.isCloudEvents) reader.send(cloudEvent(id, event));
      else reader.send(`id: ${id}\nevent: ${event.type}\n${event.data.split('\n').map(line => `data: ${line}\n`).join('')}\n`);
    }
    return sent;
  }

  #control(reader: Reader, type: string, data: object, id: string | undefined, before = ''): void {
    if (reader.isCloudEvents) {
      reader.send(JSON.stringify({ specversion: '1.0', id: id ?? 'none', source: '/events#control', type, datacontenttype: 'application/json', data }));
    } else {
      reader.send(`${before}${id ? `id: ${id}\n` : ''}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }

  async #poll(url: URL, topics: string[], headers: Headers, signal: AbortSignal | undefined): Promise<Response> {
    const cursor = headers.get('Last-Event-ID') || url.searchParams.get('after');
    const { start, gap } = this.#find(cursor);
    const wait = Number(url.searchParams.get('wait') ?? 30) * 1000;
    const wanted = () => this.log.slice(start).filter(event => topics.some(topic => matches(topic, event.topic))).length > 0;
    if (!gap && !wanted() && wait > 0) {
      await new Promise<void>((resolve, reject) => {
        const done = () => {
          this.#waiting.delete(wake);
          this.clock?.clearTimeout(timer);
          resolve();
        };
        const wake = () => wanted() && done();
        const timer = this.clock?.setTimeout(done, wait);
        this.#waiting.add(wake);
        signal?.addEventListener('abort', () => {
          done();
          reject(signal.reason);
        }, { once: true });
      });
    }
    const events: string[] = [];
    if (gap) {
      const data = { after: cursor, next: this.id(start + 1), reason: gap };
      events.push(JSON.stringify({ specversion: '1.0', id: this.id(start), source: '/events#control', type: 'stream.gap', datacontenttype: 'application/json', data }));
    }
    this.log.slice(start).forEach((event, i) => {
      if (topics.some(topic => matches(topic, event.topic))) events.push(cloudEvent(this.id(start + i + 1), event));
    });
    const next = new URLSearchParams(url.searchParams);
    next.set('after', this.latest);
    return new Response(`[${events.join(',')}]`, {
      headers: { 'Content-Type': 'application/cloudevents-batch+json', Link: `<?${next}>; rel="next"` },
    });
  }
}

function cloudEvent(id: string, { topic, type, data }: LogEvent): string {
  return JSON.stringify({ specversion: '1.0', id, source: '/events', type, time: '2026-01-01T00:00:00Z', topic, datacontenttype: 'text/plain', data });
}

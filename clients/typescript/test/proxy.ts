import type { Clock } from '../src/index.js';

type Random = () => number;

/** What a bad network does to one answer: it cuts, delays, splits, repeats and stalls. */
export interface Faults {
  /** The chance, per event, that the connection is cut there: between two bytes of it. */
  cut: number;
  /** The chance, per event, that it comes twice. */
  duplicate: number;
  /** The chance, per event, that nothing comes any more, and nothing says so. */
  stall: number;
  /** The chance, per event, that it comes late. */
  delay: number;
  /** Each byte comes by itself. */
  isSplit: boolean;
}

export function drawFaults(random: Random): Faults {
  return { cut: random() * 0.2, duplicate: random() * 0.3, stall: random() * 0.04, delay: random() * 0.2, isSplit: random() < 0.2 };
}

/** Sends a stream through a bad network. Gives back what stops it. */
export async function badNetwork(
  body: ReadableStream<Uint8Array>, faults: Faults, random: Random, clock: Pick<Clock, 'setTimeout'>, maxDelay: number,
  send: (bytes: Uint8Array) => void, cut: () => void, isStopped: () => boolean,
): Promise<void> {
  const reader = body.getReader();
  let rest = '';
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isStopped()) return;
      if (done) {
        send(encoder.encode(rest));
        return cut();
      }
      const blocks = (rest + decoder.decode(value, { stream: true })).split(/(?<=\n\n)/);
      rest = blocks.at(-1)!.endsWith('\n\n') ? '' : blocks.pop()!;
      for (const block of blocks) {
        if (random() < faults.delay) await new Promise<void>(resolve => void clock.setTimeout(resolve, random() * maxDelay));
        if (isStopped()) return;
        if (random() < faults.stall) return void (await new Promise<never>(() => {}));
        const bytes = encoder.encode(block);
        const end = random() < faults.cut ? Math.floor(random() * bytes.length) : bytes.length;
        if (faults.isSplit) for (let i = 0; i < end; i++) send(bytes.subarray(i, i + 1));
        else send(bytes.subarray(0, end));
        if (end < bytes.length) return cut();
        if (random() < faults.duplicate) send(bytes);
      }
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

import type { StreamError } from './errors.js';
import type { Clock, Connection, SubscribeOptions } from './types.js';

// How often is looked whether the connection lives.
const look = 5_000;

/** One connection, from before it is made until after its end. */
export interface Life {
  controller: AbortController;
  /** When the first and the last byte came. */
  firstByte: number;
  lastByte: number;
  isReading: boolean;
  opened?: boolean;
  connection?: Connection;
  lastGap?: string | undefined;
  /** The cursor that `stream.open` gave to a client which has lost its own; taken once the client was told of the gap. */
  openId?: string;
  close?: { reason: string; retryMs: number };
  reason?: StreamError;
}

/** Cuts a connection that is silent for too long, and tells when the machine slept. */
export function watchLife(life: Life, clock: Clock, options: SubscribeOptions, wake: () => void, cut: (code: string) => void): void {
  const { openTimeout = 10_000, readTimeout = 45_000 } = options;
  const { signal } = life.controller;
  let looked = (life.lastByte = clock.now());
  const patience = () => (life.firstByte ? readTimeout : openTimeout);
  const check = () => {
    const now = clock.now();
    // Between two looks that are far apart the machine slept, or the browser saved timers.
    if (now - looked > 2 * look) wake();
    looked = now;
    // The clock may have been set back.
    life.lastByte = Math.min(life.lastByte, now);
    if (life.isReading && now - life.lastByte >= patience()) cut(life.firstByte ? 'timeout' : 'silent');
    if (!signal.aborted) arm();
  };
  let timer: unknown;
  const arm = () => {
    const left = life.lastByte + patience() - clock.now();
    timer = clock.setTimeout(check, left > 0 && left < look ? left : look);
  };
  arm();
  signal.addEventListener('abort', () => clock.clearTimeout(timer), { once: true });
}

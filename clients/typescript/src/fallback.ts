import { eventStream, StreamError } from './index.js';
import { longPoll, type LongPollOptions } from './long-poll.js';
import type { Connection, Transport } from './types.js';
import { webSocket, type WebSocketOptions } from './web-socket.js';

export { longPoll, type LongPollOptions, webSocket, type WebSocketOptions };
export type { WebSocketLike } from './web-socket.js';

export interface FallbackOptions {
  /** Best first. Default: an event stream, a WebSocket where the runtime has it, and long polls. */
  transports?: readonly Transport[];
  /** Milliseconds after which the best one is tried again, when the next connection is made. Default ten minutes. */
  retryBestAfter?: number;
}

// A transport that ends so soon so often is broken by something on the way.
const shortLife = 1_000;
const shortLives = 3;

interface Choice {
  index: number;
  strikes: number;
  /** When the best one is tried again, and how long after that once more. */
  tryBestAt: number;
  patience: number;
}

/** Takes the next transport where the network breaks one: no byte within `openTimeout`, or three lives under a second. */
export function fallback(options: FallbackOptions = {}): Transport {
  const { retryBestAfter = 600_000 } = options;
  const transports = options.transports
    ?? [eventStream, ...(typeof WebSocket === 'function' ? [webSocket()] : []), longPoll()];
  const choices = new WeakMap<object, Choice>();

  return {
    name: transports[0]!.name,
    async connect(connection: Connection): Promise<void> {
      const { clock, owner } = connection;
      const choice = choices.get(owner) ?? { index: 0, strikes: 0, tryBestAt: Infinity, patience: retryBestAfter };
      choices.set(owner, choice);
      if (clock.now() >= choice.tryBestAt) Object.assign(choice, { index: 0, strikes: 0, tryBestAt: Infinity });

      const life = watch(connection, choice.tryBestAt);
      const transport = transports[choice.index]!;
      connection.via = transport.name;
      let error: unknown;
      try {
        await transport.connect(life.connection);
        if (life.isOver) throw new StreamError('rejoin', 'The better transport is tried again.');
      } catch (thrown) {
        error = thrown;
        throw thrown;
      } finally {
        life.end();
        if (isBroken(choice, connection, error, life)) {
          choice.index = (choice.index + 1) % transports.length;
          choice.strikes = 0;
          if (choice.tryBestAt === Infinity) {
            choice.tryBestAt = clock.now() + choice.patience;
            // Each try costs the time-out again; a network that breaks a transport seldom changes its mind.
            choice.patience = Math.min(choice.patience * 2, 24 * retryBestAfter);
          }
        }
      }
    },
    release: owner => {
      for (const transport of transports) transport.release?.(owner);
    },
  };
}

/** What one life of a connection was like. */
interface Life {
  connection: Connection;
  begun: number;
  hadBytes: boolean;
  /** The server itself ended it, and said so: nothing on the way is broken. */
  wasTold: boolean;
  isOver: boolean;
  end(): void;
}

function watch(connection: Connection, until: number): Life {
  const { clock, signal } = connection;
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  const timer = until === Infinity ? undefined : clock.setTimeout(() => {
    life.isOver = true;
    controller.abort(new StreamError('rejoin', 'The better transport is tried again.'));
  }, until - clock.now());
  const life: Life = {
    begun: clock.now(),
    hadBytes: false,
    wasTold: false,
    isOver: false,
    end() {
      signal.removeEventListener('abort', abort);
      clock.clearTimeout(timer);
    },
    connection: Object.create(connection, {
      signal: { value: controller.signal },
      via: { set: (name: string) => (connection.via = name), get: () => connection.via },
      received: {
        value: () => {
          life.hadBytes = true;
          connection.received();
        },
      },
      message: {
        value: (...args: Parameters<Connection['message']>) => {
          life.wasTold ||= args[0].type === 'stream.close';
          return connection.message(...args);
        },
      },
    }) as Connection,
  };
  return life;
}

function isBroken(choice: Choice, { signal, clock, via }: Connection, error: unknown, life: Life): boolean {
  const reason: unknown = signal.aborted ? signal.reason : error;
  const code = reason instanceof StreamError ? reason.code : undefined;
  if (code === 'silent') return true;
  if (life.wasTold || life.isOver || signal.aborted || code === 'status') return false;
  if (clock.now() - life.begun >= shortLife) choice.strikes = 0;
  // Where `fetch` fails without an answer the server is more likely the cause than the way to it; of a socket that cannot be told.
  else if (life.hadBytes || code === 'content-type' || error === undefined || via === 'websocket') choice.strikes++;
  return choice.strikes >= shortLives;
}

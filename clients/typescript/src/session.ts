import { StreamError } from './index.js';
import { race } from './race.js';
import type { RequestContext, SessionHandler } from './types.js';

export interface SessionOptions {
  /** Where credentials become a session. Default: the stream's URL and `/session`. */
  url?: string;
}

/** A session with the server. One may serve several subscriptions of a page; two programs must not share one. */
export interface Session extends SessionHandler {
  /** When the session ends unless it is renewed, in milliseconds since 1970 by this machine's clock; `undefined` for a stranger's. */
  readonly expires: number | undefined;
}

const header = 'Session-Token';
// A server takes whatever calls itself a browser for one, and Node's fetch does, by a header; there the cookie can be read.
const cookie = /^(?:__Host-)?event-session=([^;]*)/;
// Whoever has no credentials is not asked for them at each connection.
const strangerAsksAgain = 60_000;
const failedAsksAgain = 30_000;
const timerLimit = 86_400_000;

/**
 * Turns the subscription's credentials into a session before it connects, renews that before it ends, so that open streams go on,
 * and brings the newest token where no cookie does.
 */
export function session({ url }: SessionOptions = {}): Session {
  // The connection that each subscription made last.
  const owners = new Map<object, RequestContext>();
  let token: string | undefined;
  let expires: number | undefined;
  let renewAt = 0;
  let timer: unknown;
  let renewing: Promise<void> | undefined;

  // One at a time: two would each be given a token, of which only one can be kept. Another's is as good as one's own; where it failed, by its
  // connection's end perhaps, one's own comes next.
  async function renew(context: RequestContext): Promise<void> {
    while (renewing) {
      if (await race(renewing.then(() => true, () => false), context.signal)) return;
    }
    await (renewing = ask(context).finally(() => (renewing = undefined)));
  }

  async function ask(context: RequestContext): Promise<void> {
    const { clock } = context;
    try {
      const response = await context.fetch(url ?? endpoint(context.url), { method: 'POST' });
      const { expires: end } = (await response.json()) as { expires: string };
      // The end is told by the server's clock, and so is the answer's date.
      const now = Date.parse(response.headers.get('Date') ?? '') || clock.now();
      const lifetime = Math.max(0, Date.parse(end) - now);
      if (Number.isNaN(lifetime)) throw new StreamError('network', 'The answer says no time at which the session ends.');
      expires = clock.now() + lifetime;
      renewAt = clock.now() + Math.max(5_000, lifetime * 0.8);
    } catch (error) {
      if (!(error instanceof StreamError) || error.status !== 401) throw error;
      expires = undefined;
      renewAt = clock.now() + strangerAsksAgain;
    }
    schedule(context);
  }

  function schedule({ clock }: RequestContext): void {
    clock.clearTimeout(timer);
    if (expires === undefined || !owners.size) return;
    timer = clock.setTimeout(() => void onTimer(), Math.min(Math.max(0, renewAt - clock.now()), timerLimit));
  }

  async function onTimer(): Promise<void> {
    const context = [...owners.values()].find(({ signal }) => !signal.aborted);
    // While nothing is connected there is nothing to keep; the next connection renews.
    if (!context) return;
    if (context.clock.now() < renewAt) return schedule(context);
    try {
      await context.authorize();
      await renew(context);
    } catch {
      renewAt = context.clock.now() + failedAsksAgain;
      schedule(context);
    }
  }

  return {
    get expires() {
      return expires;
    },
    async prepare(context) {
      owners.set(context.owner, context);
      if (context.refused) renewAt = 0;
      if (context.clock.now() >= renewAt) await renew(context);
      else schedule(context);
    },
    headers: () => (token ? { [header]: token } : {}),
    received(response) {
      const cookies = response.headers.getSetCookie?.() ?? [];
      const given = response.headers.get(header) ?? cookies.map(one => decodeURIComponent(cookie.exec(one)?.[1] ?? '')).find(Boolean);
      if (given) token = given;
    },
    release(owner) {
      const context = owners.get(owner);
      owners.delete(owner);
      if (!owners.size) context?.clock.clearTimeout(timer);
    },
  };
}

function endpoint(url: string): string {
  return url.replace(/[?#].*$/, '').replace(/\/?$/, '/session');
}

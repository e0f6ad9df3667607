// One client through all scenarios, against one API process.
import { readdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Api } from './api.js';
import { Inbox } from './inbox.js';

/** The server's own events; a client that listens by type has to name them. */
export const controlEvents = ['stream.open', 'stream.live', 'stream.gap', 'stream.close', 'stream.heartbeat'];

const folder = new URL('../scenarios/', import.meta.url);
const scenarios = await Promise.all((await readdir(folder)).sort().map(async file => [file.replace('.js', ''), (await import(new URL(file, folder))).default]));

/**
 * @typedef {object} Client
 * @property {string} name That of its file of tests.
 * @property {(url: string, types: string[], onEvent: (event: {id: string, type: string, data: string}) => void) => () => void} subscribe
 *   As the docs show it: begins a stream, and returns what ends it.
 * @property {'raw' | 'cloudevents'} [form] What `data` is; a CloudEvent's is its JSON.
 * @property {Record<string, string>} [cannot] Scenarios that this client cannot have, and why.
 * @property {Record<string, (t: object, context: object) => Promise<void>>} [instead] What happens in them.
 * @property {Record<string, (t: object, context: object) => Promise<void>>} [besides] What else the docs say of it.
 * @property {Record<string, {data: string, because: string}>} [reads] Payloads that arrive otherwise than the specification says.
 * @property {boolean} [givesUp] An error status is its end.
 * @property {boolean} [isPoll] It asks for batches, and sees no control events but gaps.
 * @property {boolean} [takesIdEarly] It takes an id for its last when it reads the line, not when the event is complete: cut between an
 *   event's last line and the empty one, it skips the event. It is not cut at that byte.
 * @property {number} [cuts] How many cuts it is put through.
 */

/** Runs a client through all scenarios. */
export function matrix(client) {
  describe(client.name, { concurrency: false }, () => {
    const api = new Api();
    before(() => api.start());
    after(() => api.dispose());

    for (const [name, run] of scenarios) {
      test(name, { timeout: 120_000, skip: client.cannot?.[name] && !client.instead?.[name] ? client.cannot[name] : false }, async t => {
        if (client.cannot?.[name])
          t.diagnostic(client.cannot[name]);
        await (client.instead?.[name] ?? run)(t, context(t, api, client));
      });
    }

    for (const [name, run] of Object.entries(client.besides ?? {}))
      test(name, { timeout: 120_000 }, t => run(t, context(t, api, client)));
  });
}

function context(t, api, client) {
  return {
    api,
    client,
    begin,
    /** Subscribes for as long as the test runs, and waits until the stream is live. */
    async subscribe(url, query, types) {
      const inbox = begin(url, query, types);
      if (!client.isPoll)
        await inbox.first('stream.live');
      return inbox;
    },
  };

  /** The same, without waiting. */
  function begin(url, query, types = []) {
    const inbox = new Inbox();
    inbox.close = client.subscribe(
      `${url}?${query}${client.isPoll ? '&after=earliest' : ''}`, [...controlEvents, ...types], event => inbox.add(event));
    t.after(() => inbox.close());
    return inbox;
  }
}

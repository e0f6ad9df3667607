// All connections that one address may have.
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { connections } from './api.js';
import { Inbox, until } from './inbox.js';

/** Takes every place, for as long as the test runs. */
export async function fillUp(t, api) {
  const comments = new Inbox();
  await Promise.all(Array.from({ length: connections }, (_, i) => new Promise((resolve, reject) => {
    const request = get(`${api.url}?topic=places`, { agent: false, headers: { Accept: 'text/event-stream' } }, response => {
      assert.equal(response.statusCode, 200);
      response.setEncoding('utf8').on('data', text => {
        if (text.includes('stream.live'))
          resolve();
        else if (text.includes('stream.close'))
          reject(new Error(`Place ${i + 1} of ${connections} was refused.`));
        else if (i === 0)
          comments.add({ type: 'comment' });
      });
    }).on('error', reject);
    t.after(() => request.destroy());
  })));
  return {
    /** Waits for as many heartbeats, one a second, of one who has a place. */
    heartbeats(count) {
      const wanted = comments.events.length + count;
      return until(() => comments.events.length >= wanted, 'heartbeats', comments);
    },
  };
}

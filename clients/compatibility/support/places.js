// All connections that one address may have.
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { connections } from './api.js';
import { Inbox, until } from './inbox.js';

/** Takes every place, for as long as the test runs. */
export async function fillUp(t, api) {
  const places = await Promise.all(Array.from({ length: connections }, () => enter(api)));
  t.after(async () => {
    places.forEach(place => place.request.destroy());
    // The server hears of that a moment later.
    for (let place; !place?.isIn;) {
      place = await enter(api);
      place.request.destroy();
    }
  });
  assert.ok(places.every(place => place.isIn));
  return { heartbeats: count(places[0]) };
}

/** Has a place of its own, by whose heartbeats a test can tell that a time has passed on the server. */
export async function watchHeartbeats(t, api) {
  const place = await enter(api);
  t.after(() => place.request.destroy());
  return count(place);
}

/** Waits for as many heartbeats from then on, one a second. */
function count({ response }) {
  const comments = new Inbox();
  response.on('data', () => comments.add({ type: 'comment' }));
  return wanted => {
    const end = comments.events.length + wanted;
    return until(() => comments.events.length >= end, 'heartbeats', comments);
  };
}

/** Asks for a stream, and says whether there was a place for it. */
function enter(api) {
  return new Promise((resolve, reject) => {
    const request = get(`${api.url}?topic=places`, { agent: false, headers: { Accept: 'text/event-stream' } }, response => {
      let text = '';
      response.setEncoding('utf8').on('error', () => {}).on('data', function read(chunk) {
        text += chunk;
        const isIn = text.includes('stream.live');
        if (isIn || text.includes('stream.close')) {
          response.off('data', read).resume();
          resolve({ isIn, request, response });
        }
      });
    }).on('error', reject);
  });
}

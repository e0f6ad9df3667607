// Publishing as the protocol page says.
import assert from 'node:assert/strict';

/** Publishes events of `application/json`. */
export function publish(api, events) {
  return post(api.url, 'application/json', JSON.stringify(events)).then(answer => answer.ids);
}

/** Publishes numbers, one event each. */
export function publishNumbers(api, topic, from, count) {
  return publish(api, Array.from({ length: count }, (_, i) => ({ topic, type: 'number', data: from + i })));
}

/** Publishes a body as it is. */
export function publishBody(api, topic, type, contentType, body) {
  const url = `${api.url}?topic=${encodeURIComponent(topic)}&type=${encodeURIComponent(type)}`;
  return post(url, contentType, body).then(answer => answer.id);
}

async function post(url, contentType, body) {
  const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': contentType }, body });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  return JSON.parse(text);
}

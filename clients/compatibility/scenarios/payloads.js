import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { publish, publishBody } from '../support/publish.js';

const { cases } = JSON.parse(readFileSync(new URL('../payloads.json', import.meta.url)));

export default async function payloads(t, { api, client, subscribe }) {
  const inbox = await subscribe(api.url, 'topic=payloads', cases.map(typeOf));

  const ids = [];
  for (const { json, text, base64, contentType, ...the } of cases) {
    ids.push(json === undefined
      ? await publishBody(api, 'payloads', typeOf(the), contentType, text === undefined ? Buffer.from(base64, 'base64') : repeated(text, the.times))
      : (await publish(api, [{ topic: 'payloads', type: typeOf(the), data: repeated(json, the.times) }]))[0]);
  }

  const received = await inbox.received(cases.length);
  for (const [i, the] of cases.entries()) {
    const odd = client.reads?.[the.name];
    await t.test(the.name, each => {
      if (odd)
        each.diagnostic(odd.because);
      assert.deepEqual(received[i], { id: ids[i], type: typeOf(the), data: odd ? odd.data : expected(client.form ?? 'raw', the) });
    });
  }
}

function typeOf({ name, type }) {
  return type ?? name;
}

function expected(form, { json, text, base64, times, ...the }) {
  // JSON in a CloudEvent is the value itself, also where its text says more than a JavaScript number can.
  return form === 'raw' ? repeated(the.raw, times) : base64 ?? repeated(text ?? json, times);
}

function repeated(value, times) {
  return times ? value.repeat(times) : value;
}

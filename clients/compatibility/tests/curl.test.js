import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { matrix } from '../support/matrix.js';
import { fillUp } from '../support/places.js';

const script = new URL('../clients/curl.sh', import.meta.url).pathname;

matrix({
  name: 'curl',
  subscribe,
  reads: { nul: { data: 'onetwo', because: 'A variable of the shell holds no NUL.' } },
  besides: {
    async 'without Accept it reads a status'(t, { api }) {
      await fillUp(t, api);

      const { stdout } = await promisify(execFile)('curl', ['-s', '-w', '\\n%{http_code} %header{retry-after}', `${api.url}?topic=throttle`]);

      const [problem, end] = stdout.split('\n');
      assert.equal(JSON.parse(problem).status, 429);
      assert.match(end, /^429 (1[5-9]|[2-9]\d|\d{3})$/);
    },
  },
});

function subscribe(url, types, onEvent) {
  const child = spawn('bash', [script, url], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let event;
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', line => {
    const [, field, value] = /^(\w*): ?(.*)$/s.exec(line) ?? [];
    if (line === '') {
      onEvent({ id: event.id, type: event.event, data: event.data.join('\n') });
      event = { data: [] };
    } else if (field === 'retry') {
      // Each stream begins with it; what a cut left of the one before is no event.
      event = { data: [] };
    } else if (field === 'data') {
      event.data.push(value);
    } else {
      event[field] = value;
    }
  });
  // The loop and its curl.
  return () => process.kill(-child.pid, 'SIGKILL');
}

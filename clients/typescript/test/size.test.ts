import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the core is under 5 KB, minified and gzipped', context => {
  const output = execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/size.mjs', import.meta.url))], { encoding: 'utf8' });
  for (const line of output.trim().split('\n')) context.diagnostic(line);
  assert.match(output, /^index +\d+ bytes, of 5120$/m);
});

test('the bundle is the same to the byte each time it is made', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  try {
    const file = join(folder, 'event-stream.js');
    execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/bundle.mjs', import.meta.url)), file]);
    assert.equal(readFileSync(file, 'utf8'), readFileSync(new URL('../../dist/event-stream.js', import.meta.url), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

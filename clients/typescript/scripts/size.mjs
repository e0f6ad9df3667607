// Prints what each entry point weighs, minified and gzipped, and fails where the core is over its bound.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { common, entries } from './entries.mjs';

const bound = 5 * 1024;

for (const entry of entries) {
  const { outputFiles: [file] } = await build({ ...common, entryPoints: [`src/${entry}.ts`], outfile: 'out.js', minify: true, write: false });
  const bytes = gzipSync(file.contents, { level: 9 }).length;
  console.log(`${entry.padEnd(14)} ${String(bytes).padStart(6)} bytes${entry === 'index' ? `, of ${bound}` : ', with the core where it needs it'}`);
  if (entry === 'index' && bytes >= bound) process.exitCode = 1;
}

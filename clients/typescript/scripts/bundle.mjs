// Writes dist/event-stream.js, or the file that is named: one readable file with the core, fallback, sharing, storage and words, for pages without a bundler.
import { build } from 'esbuild';
import { join } from 'node:path';
import { banner, common, root } from './entries.mjs';

await build({
  ...common,
  stdin: {
    contents: ['index', 'fallback', 'shared', 'storage', 'words'].map(entry => `export * from './${entry}.js';`).join('\n'),
    resolveDir: join(root, 'src'),
  },
  outfile: process.argv[2] ?? 'dist/event-stream.js',
  banner: { js: banner },
});

// Writes dist/event-stream.js: one readable file with the core, fallback, sharing, storage and words, for pages without a bundler.
import { build } from 'esbuild';
import { banner, common } from './entries.mjs';

await build({
  ...common,
  stdin: {
    contents: ['index', 'fallback', 'shared', 'storage', 'words'].map(entry => `export * from './${entry}.js';`).join('\n'),
    resolveDir: new URL('../src', import.meta.url).pathname,
  },
  outfile: 'dist/event-stream.js',
  banner: { js: banner },
});

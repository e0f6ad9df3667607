// Writes dist/: one readable file for each entry point, and the types.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { banner, common, entries, root } from './entries.mjs';

rmSync(join(root, 'dist'), { recursive: true, force: true });

// The core is in one file only: what plugs in imports it.
const coreStaysOut = {
  name: 'core-stays-out',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: './index.js', external: true })),
};

for (const entry of entries) {
  await build({
    ...common,
    entryPoints: [`src/${entry}.ts`],
    outfile: `dist/${entry}.js`,
    banner: { js: banner },
    plugins: entry === 'index' ? [] : [coreStaysOut],
  });
}

execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });

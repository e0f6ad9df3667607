import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The entry points that the package exports, by name. */
export const entries = Object.values(manifest.exports)
  .filter(target => typeof target === 'object')
  .map(({ default: file }) => file.replace(/^\.\/dist\/(.*)\.js$/, '$1'));

export const banner = `/*! event-stream ${manifest.version}, MIT licence */`;

/** What every build has in common. */
export const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};

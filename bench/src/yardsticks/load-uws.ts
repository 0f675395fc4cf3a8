import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Uws from 'uWebSockets.js';

/**
 * The native module of uWebSockets.js, loaded as the Shield does: never the entry of the mirror, which falls back to
 * JavaScript. Throws where there is none, since a yardstick of another make would be worth nothing.
 */
export function loadUws(): typeof Uws {
  const require = createRequire(import.meta.url);
  const name = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
  const folder = dirname(require.resolve('uWebSockets.js'));
  const path = [join(folder, '..', 'binaries', name), join(folder, name)].find((file) => existsSync(file));
  if (path === undefined) throw new Error(`uWebSockets.js has no native module ${name}`);
  return require(path) as typeof Uws;
}

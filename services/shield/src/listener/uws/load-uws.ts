import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Uws from 'uWebSockets.js';

/** uWebSockets.js as its native module exports it. */
export type UwsModule = typeof Uws;

/** The native module, or in words why there is none. */
export type UwsLoading =
  | { readonly ok: true; readonly uws: UwsModule }
  | { readonly ok: false; readonly reason: string };

/**
 * Loads the native module of uWebSockets.js, an optional dependency. The binary itself is required and never the
 * package's entry, because the entry of the npm mirror quietly falls back to JavaScript where the binary does not load.
 */
export function loadUws(): UwsLoading {
  const require = createRequire(import.meta.url);
  const name = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;
  try {
    const folder = dirname(require.resolve('uWebSockets.js'));
    // The mirror keeps its binaries in a folder of their own, the authors' package beside its entry.
    const path = [join(folder, '..', 'binaries', name), join(folder, name)].find((file) => existsSync(file));
    if (path === undefined) {
      return { ok: false, reason: `uWebSockets.js has no native module ${name}` };
    }
    return { ok: true, uws: withoutMark(require(path) as UwsModule) };
  } catch (error) {
    return {
      ok: false,
      reason: `uWebSockets.js does not load: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** Without the engine's advertising header in HTTP answers. */
function withoutMark(uws: UwsModule): UwsModule {
  uws._cfg('silent');
  return uws;
}

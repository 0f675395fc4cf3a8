import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findGo, goSdk, runGo } from '../harness/go.ts';
import { startDriverProcess } from './driver.ts';
import type { Driver } from './driver.ts';
import { startTypescriptDriver } from './typescript-driver.ts';

/** An SDK that is held to the scenarios. */
export interface Sdk {
  readonly name: string;
  start(): Promise<Driver>;
}

const go = await findGo();

/** The names of all. */
export const allSdks: readonly string[] = ['TypeScript', 'Go'];

/** All that can be run here: Go is not on every machine. */
export const sdks: readonly Sdk[] = [
  { name: 'TypeScript', start: async () => startTypescriptDriver() },
  ...(go === '' ? [] : [{ name: 'Go', start: startGo }]),
];

/** Set where the race detector watches, which needs a C compiler and builds for a minute: `npm run check -- go`. */
const isWatched = process.env['ARQON_GO_RACE'] === '1';

async function startGo(): Promise<Driver> {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-go-'));
  const program = join(folder, 'driver');
  const how = isWatched ? ['build', '-race'] : ['build'];
  await runGo(go, [...how, '-o', program, './internal/conformance'], { env: { CGO_ENABLED: isWatched ? '1' : '0' } });
  // It exits with an error where a race was seen.
  const driver = startDriverProcess(program, [], { cwd: goSdk });
  return {
    ...driver,
    stop: () => driver.stop().finally(() => rmSync(folder, { recursive: true, force: true })),
  };
}

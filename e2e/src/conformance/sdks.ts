import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findGo, goSdk, runGo } from '../harness/go.ts';
import { findPython, pythonSdk } from '../harness/python.ts';
import { startDriverProcess } from './driver.ts';
import type { Driver } from './driver.ts';
import { startTypescriptDriver } from './typescript-driver.ts';

/** An SDK that is held to the scenarios. */
export interface Sdk {
  readonly name: string;
  /** What it speaks. */
  readonly formats: readonly ('json' | 'proto')[];
  start(): Promise<Driver>;
}

const go = await findGo();

/** The names of all. */
export const allSdks: readonly string[] = ['TypeScript', 'Python', 'Go'];

/** All that can be run here: Go is not on every machine. */
export const sdks: readonly Sdk[] = [
  { name: 'TypeScript', formats: ['proto', 'json'], start: async () => startTypescriptDriver() },
  { name: 'Python', formats: ['proto', 'json'], start: startPython },
  ...(go === '' ? [] : [{ name: 'Go', formats: ['proto', 'json'], start: startGo } as const]),
];

async function startPython(): Promise<Driver> {
  return startDriverProcess(await findPython(), ['conformance/driver.py'], {
    cwd: pythonSdk,
    env: { PYTHONPATH: 'src' },
  });
}

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

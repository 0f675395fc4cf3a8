import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { findChildren, readProcessTimes } from './process-times.ts';

const BURN =
  'const end = performance.now() + 300; while (performance.now() < end); process.stdout.write("done"); process.stdin.resume()';

describe('process times', () => {
  let child: ChildProcess | undefined;

  afterEach(async () => {
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    child = undefined;
  });

  it('[BEN-2] are those of the process itself: what it used, and nothing while it waits', async () => {
    const started = spawn(process.execPath, ['-e', BURN], { stdio: ['pipe', 'pipe', 'inherit'] });
    child = started;
    await once(started.stdout, 'data');
    const { cpuMicros, waitedMicros } = readProcessTimes(started.pid ?? 0);
    // It ran for 300 ms but for the time in which others had its core.
    expect(cpuMicros + waitedMicros).toBeGreaterThan(290_000);
    expect(cpuMicros).toBeGreaterThan(1_000);
  });

  it('[BEN-2] finds the processes that this one started by their name, and no others', async () => {
    const started = spawn('sleep', ['30'], { stdio: 'ignore' });
    child = started;
    await once(started, 'spawn');
    expect(findChildren('sleep')).toEqual([started.pid]);
    expect(findChildren('sleepless')).toEqual([]);
    started.kill('SIGKILL');
    await once(started, 'exit');
    expect(findChildren('sleep')).toEqual([]);
    child = undefined;
  });
});

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Programs whose words go into the file `log` of the folder; all end together, and the folder with them, at the latest with this process. */
export function startedIn(folder) {
  const log = join(folder, 'log');
  const output = openSync(log, 'a');
  const running = new Map();
  const endAtOnce = () => {
    // None has anything to keep.
    for (const child of running.keys()) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const endByItself = () => process.exit(1);
  for (const signal of SIGNALS) process.once(signal, endByItself);
  process.once('exit', endAtOnce);
  const stop = async () => {
    for (const signal of SIGNALS) process.off(signal, endByItself);
    process.off('exit', endAtOnce);
    for (const child of running.keys()) child.kill('SIGKILL');
    await Promise.all(running.values());
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    stop,
    start: (program, args) => {
      const child = spawn(program, args, { cwd: folder, stdio: ['ignore', output, output] });
      running.set(child, new Promise((ended) => child.once('close', ended)));
    },
    /** Throws the end of the log where one of them is gone, or this takes too long. */
    mustGoOn: (isLate) => {
      const isGone = [...running.keys()].some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
      if (!isGone && !isLate) return;
      throw new Error(`Kubernetes did not come up:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
    },
  };
}

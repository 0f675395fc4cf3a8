import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { run } from '../../run.mjs';

const READY_MS = 120_000;

/**
 * Starts the program of a pod, which does not outlive this process. `faults` gives what is wrong, in words, where it ends or `isReady`
 * (its probe) does not become true within two minutes; `stop` ends it.
 */
export function startPod({ name, words: [program, ...args], env, user, folder, isReady }, createGuard) {
  const own = join(folder, 'process');
  mkdirSync(own, { recursive: true });
  const log = join(folder, 'log');
  const output = openSync(log, 'a');
  const guard = createGuard(own);
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', output, output], ...user });
  closeSync(output);
  guard.watch(child.pid);
  const ended = new Promise((resolve) => {
    child.once('close', resolve);
    child.once('error', resolve);
  });
  const isGone = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    async faults() {
      for (const deadline = Date.now() + READY_MS; ; await wait(200)) {
        if (!isGone() && (await isReady())) return [];
        if (isGone() || Date.now() > deadline)
          return [`${name} is not ready:\n${readFileSync(log, 'utf8').slice(-3_000)}`];
      }
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
      await guard.end();
    },
  };
}

/** Whether this address answers well. */
export async function answersWell(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  return answer?.ok === true;
}

/** Whether this program ends well. */
export async function endsWell([program, ...args], env) {
  return (await run(program, args, { output: 'capture', env })).code === 0;
}

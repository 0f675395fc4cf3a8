import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { root } from './root.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in the repository's root, with the workspace's tools first on PATH.
 * `output` is `inherit` (default), `stderr` (both streams to our stderr) or `capture` (given back as text).
 * Signals that reach us are passed on; resolves when the program has ended, never rejects for its exit code.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(program, args, { output = 'inherit', env = {}, cwd = root } = {}) {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(program, args, { cwd, env: toolEnvironment(env), stdio: streams(output) });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const forward = (signal) => child.kill(signal);
    for (const signal of FORWARDED) process.on(signal, forward);
    const stopForwarding = () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    child.once('error', (/** @type {Error} */ error) => {
      stopForwarding();
      reject(error);
    });
    child.once('close', (code) => {
      stopForwarding();
      resolvePromise({ code: code ?? 1, output: Buffer.concat(chunks).toString() });
    });
  });
}

function streams(output) {
  if (output === 'capture') return ['ignore', 'pipe', 'pipe'];
  if (output === 'stderr') return ['ignore', 2, 2];
  return ['ignore', 'inherit', 'inherit'];
}

function toolEnvironment(extra) {
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return { ...process.env, PATH: path, ...extra };
}

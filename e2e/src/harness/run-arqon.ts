import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A run of the command line, with all that it printed so far. */
export interface ArqonRun {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

const BUNDLE = fileURLToPath(new URL('../../../packages/cli/dist/arqon.mjs', import.meta.url));

/** Runs the built command line in a process of its own. `env` is laid over the environment of the tests; `input` is all that it can read. */
export function runArqon(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): ArqonRun {
  const child = spawn(process.execPath, [BUNDLE, ...args], { env: { ...process.env, ...env } });
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    // `close` and not `exit`: what it printed last has been read then.
    exited: once(child, 'close').then(([code]) => code as number | null),
  };
}

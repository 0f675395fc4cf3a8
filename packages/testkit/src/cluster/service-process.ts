import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard } from '../process/create-guard.ts';
import { waitUntil } from '../raw-socket/wait-until.ts';

/** A service in a process of its own. */
export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** The line of JSON that it printed once it could be used; empty before. */
  addresses(): Readonly<Record<string, string>>;
  /** Resolves when it can be used; rejects with its log where it ends instead, or takes too long. */
  readonly ready: Promise<void>;
  /** What it has logged so far. */
  log(): string;
  /** Resolves when it has ended, with its exit code; null = by a signal. */
  readonly exited: Promise<number | null>;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Ends it in good order, by force after `STOP_TIMEOUT_MS`. Idempotent. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
}

/** What to run. */
export interface ServiceProcessOptions {
  /** For messages: `shield-1`. */
  readonly name: string;
  /** A module that Node runs. */
  readonly program: string;
  readonly args?: readonly string[];
  /** Laid over the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
}

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;

/** Starts a service; it does not outlive this process, however that one ends. */
export function startServiceProcess({ name, program, args = [], env }: ServiceProcessOptions): ServiceProcess {
  const guard = createGuard(mkdtempSync(join(tmpdir(), 'arqonbus-service-')));
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guard.watch(child.pid);
  const output = collect(child);
  // `close` and not `exit`: what it printed last has been read then.
  const exited = once(child, 'close').then(async ([code]) => {
    guard.watch(undefined);
    await guard.end();
    return code as number | null;
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    // One that is stopped would not hear of it.
    child.kill('SIGCONT');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  const ready = whenReady(name, output, isRunning);
  // Who does not wait for it sees it fail at the first use.
  ready.catch(() => undefined);
  return {
    name,
    pid: child.pid ?? 0,
    addresses: () => (output.stdout.includes('\n') ? parseLine(output.stdout) : {}),
    ready,
    log: () => output.stderr,
    exited,
    isRunning,
    signal: (signal) => void child.kill(signal),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

interface Output {
  stdout: string;
  stderr: string;
}

function collect({ stdout, stderr }: ChildProcess): Output {
  const output: Output = { stdout: '', stderr: '' };
  stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return output;
}

async function whenReady(name: string, output: Output, isRunning: () => boolean): Promise<void> {
  const what = `${name} to start`;
  await waitUntil(() => !isRunning() || output.stdout.includes('\n'), { what, timeoutMs: START_TIMEOUT_MS }).catch(
    (error: unknown) => {
      throw new Error(`${name} did not start in time:\n${endOf(output.stderr)}`, { cause: error });
    },
  );
  if (!output.stdout.includes('\n')) throw new Error(`${name} ended at its start:\n${endOf(output.stderr)}`);
}

/** A service that retries says the same again and again. */
function endOf(log: string): string {
  return log.slice(-2_000);
}

function parseLine(stdout: string): Readonly<Record<string, string>> {
  return JSON.parse(stdout.slice(0, stdout.indexOf('\n'))) as Readonly<Record<string, string>>;
}

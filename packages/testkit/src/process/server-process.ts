import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard } from './create-guard.ts';
import { endProcess, killWithChildren } from './end-process.ts';

/** A server in a process of its own, and what can befall it. */
export interface ServerProcess {
  /** Of the process that runs now; 0 = none does. */
  pid(): number;
  /** Ends it and removes its folder. Idempotent; nothing else may be called afterwards. */
  stop(): Promise<void>;
  /** Ends it and its children at once, as a crash does, or in order with SIGTERM; its folder and port stay for {@link restart}. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Ends it in order, if it runs, and starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Stops its clock: connections stay open, nothing is answered. */
  suspend(): void;
  /** Lets it go on after {@link suspend}. */
  resume(): void;
}

/** How a kind of server is run. */
export interface ServerProcessOptions {
  /** Names its temporary folder. */
  readonly name: string;
  /** Once, in the new folder, before the first start. */
  readonly prepare?: (folder: string) => void;
  readonly spawn: (folder: string, stdio: StdioOptions) => ChildProcess;
  /** Resolves when it answers; rejects when it ended or takes too long. `log` gives what it has written so far. */
  readonly whenStarted: (server: ChildProcess, folder: string, log: () => string) => Promise<void>;
  /** Once, after the first start. */
  readonly whenFirstStarted?: () => Promise<void>;
  /** What ends it in order before it starts again, and for good. Default SIGTERM. */
  readonly restartSignal?: NodeJS.Signals;
  readonly stopSignal?: NodeJS.Signals;
}

/** Starts one. Neither process nor folder outlives this process, even if that one is killed. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { restartSignal = 'SIGTERM', stopSignal = 'SIGTERM' } = options;
  const folder = mkdtempSync(join(tmpdir(), `arqonbus-${options.name}-`));
  const guard = createGuard(folder);
  const logPath = join(folder, 'server.log');
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const log = openSync(logPath, 'a');
    const started = options.spawn(folder, ['ignore', log, log]);
    closeSync(log);
    child = started;
    guard.watch(started.pid);
    await options.whenStarted(started, folder, () => readFileSync(logPath, 'utf8'));
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined) return;
    await (signal === 'SIGKILL' ? killWithChildren(child) : endProcess(child, signal));
    child = undefined;
    guard.watch(undefined);
  };

  try {
    options.prepare?.(folder);
    await start();
    await options.whenFirstStarted?.();
  } catch (error) {
    await guard.end();
    throw error;
  }
  return {
    pid: () => child?.pid ?? 0,
    kill: (signal = 'SIGKILL') => end(signal),
    async restart() {
      await end(restartSignal);
      await start();
    },
    async stop() {
      await end(stopSignal);
      await guard.end();
    },
    suspend: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

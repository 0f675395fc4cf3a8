import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ChildReply } from './serve-parent.ts';

/** A process that was started by the benchmark and answers it. */
export interface Child {
  readonly pid: number;
  /** The first line that it printed. Rejects where it ends before. */
  readonly firstLine: Promise<string>;
  /** Asks it to do something; rejects with what it failed with. */
  call<T>(method: string, argument?: unknown): Promise<T>;
  /** Ends it, by force if it does not go. */
  stop(): Promise<void>;
}

/** How a process is started. */
export interface ChildOptions {
  readonly file: string;
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const STOP_TIMEOUT_MS = 10_000;
const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts a Node process that serves its parent. It never outlives this one. */
export function startChild({ file, args = [], nodeArgs = [], env = {} }: ChildOptions): Child {
  const child = spawn(process.execPath, [...nodeArgs, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(() => void running.delete(child));
  return {
    pid: child.pid ?? 0,
    firstLine: readFirstLine(child, exited),
    call: createCaller(child, exited),
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

function createCaller(child: ChildProcess, exited: Promise<void>): Child['call'] {
  let nextId = 1;
  const waiting = new Map<number, (reply: ChildReply) => void>();
  child.on('message', (reply: ChildReply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  void exited.then(() => {
    for (const [id, settle] of waiting) settle({ id, error: 'the process ended' });
  });
  return <T>(method: string, argument?: unknown): Promise<T> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result as T);
        else reject(new Error(`${method}: ${error}`));
      });
      child.send({ id, method, argument });
    });
}

async function readFirstLine(child: ChildProcess, exited: Promise<void>): Promise<string> {
  let output = '';
  const line = new Promise<string>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const end = output.indexOf('\n');
      if (end >= 0) resolve(output.slice(0, end));
    });
  });
  const found = await Promise.race([line, exited]);
  return found ?? '';
}

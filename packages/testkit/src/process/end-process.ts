import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const STOP_TIMEOUT_MS = 5_000;

/** Whether a process is no more. */
export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Ends a process that may be suspended, and waits for its end; kills it if it takes too long. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

/**
 * Ends a process and those it has started at one moment, as a machine that fails does, and waits for its end. A child that
 * is spared would go on for a while: a Postgres backend commits before it sees that its postmaster is gone.
 */
export async function killWithChildren(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const exited = once(child, 'exit');
  // Stopped, it starts no more of them.
  child.kill('SIGSTOP');
  const children = childrenOf(child.pid);
  child.kill('SIGKILL');
  for (const pid of children) killIfThere(pid);
  await exited;
}

/** The processes that one has started; none where the system does not tell (not Linux). */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

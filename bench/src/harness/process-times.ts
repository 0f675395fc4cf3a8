import { readFileSync, readdirSync } from 'node:fs';

/** What a process has used and missed so far, as Linux counts it. */
export interface ProcessTimes {
  /** User and system time of all threads that live, in microseconds. */
  readonly cpuMicros: number;
  /** Time in which the main thread could have run and had no core, in microseconds. */
  readonly waitedMicros: number;
}

/**
 * Reads the times of a process from `/proc`: in nanoseconds, where `/proc/<pid>/stat` counts in hundredths of a second.
 * Threads that have ended are not in them; neither Node nor nats-server ends threads while it runs.
 */
export function readProcessTimes(pid: number): ProcessTimes {
  const folder = `/proc/${pid}/task`;
  let cpuNanos = 0;
  let waitedNanos = 0;
  for (const thread of readdirSync(folder)) {
    const [ran = '', waited = ''] = readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ');
    cpuNanos += Number(ran);
    if (Number(thread) === pid) waitedNanos = Number(waited);
  }
  return { cpuMicros: cpuNanos / 1_000, waitedMicros: waitedNanos / 1_000 };
}

/** Ids of the processes of this name that this process started and that still run. */
export function findChildren(name: string): readonly number[] {
  const ids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return ids.map(Number).filter((pid) => isChild(pid, name));
}

function isChild(pid: number, name: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const nameEnd = stat.lastIndexOf(')');
    const [state, parent] = stat.slice(nameEnd + 2).split(' ');
    return stat.slice(stat.indexOf('(') + 1, nameEnd) === name && Number(parent) === process.pid && state !== 'Z';
  } catch {
    // It has ended since the folder was read.
    return false;
  }
}

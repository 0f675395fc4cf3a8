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

/** Ids of the processes that this one has started and that still run. */
export function childrenOf(parent: number): readonly number[] {
  return processIds().filter((pid) => statOf(pid)?.parent === parent);
}

/** Ids of the processes of this name that this process started and that still run. */
export function findChildren(name: string): readonly number[] {
  return processIds().filter((pid) => {
    const stat = statOf(pid);
    return stat?.name === name && stat.parent === process.pid && stat.state !== 'Z';
  });
}

function processIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

interface ProcessStat {
  readonly name: string;
  readonly state: string;
  readonly parent: number;
}

/** Undefined where it has ended since it was listed. */
function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const nameEnd = stat.lastIndexOf(')');
    const [state = '', parent] = stat.slice(nameEnd + 2).split(' ');
    return { name: stat.slice(stat.indexOf('(') + 1, nameEnd), state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

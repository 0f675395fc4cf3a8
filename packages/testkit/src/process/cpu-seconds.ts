import { readFileSync } from 'node:fs';

/** Clock ticks of Linux, in which it counts the time of processes. */
const TICKS_PER_SECOND = 100;

/** CPU time that a process has used so far, its own and the system's for it. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program may hold spaces; what follows it does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

import { readFileSync } from 'node:fs';

/** Memory of a process that is in RAM. */
export function residentBytes(pid: number): number {
  return readStatus(pid, 'VmRSS');
}

/** The most that a process ever had in RAM. */
export function peakResidentBytes(pid: number): number {
  return readStatus(pid, 'VmHWM');
}

function readStatus(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024;
}

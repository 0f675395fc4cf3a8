import { existsSync, readdirSync } from 'node:fs';
import { residentBytes } from '../faults/harness/resident-bytes.ts';

/** What one process holds, looked at again and again. */
export interface ProcessGrowth {
  /** Megabytes an hour by which its memory grows, after the first third, in which it warms up. */
  mibPerHour(): number;
  /** Median of its memory in the last third above that in the second, in MiB. */
  lateGrowthMib(): number;
  /** Open file descriptors: at first, and the fewest of the last third. */
  descriptors(): { readonly first: number; readonly last: number };
  stop(): void;
}

interface Sample {
  readonly atMs: number;
  readonly mib: number;
  readonly descriptors: number;
}

const MIB = 1_048_576;
const HOUR_MS = 3_600_000;
const EVERY_MS = 2_000;

/** Follows a process until it ends. */
export function followGrowth(pid: number): ProcessGrowth {
  const samples: Sample[] = [];
  const look = (): void => {
    // It has ended: what it held until then is what is told.
    if (!existsSync(`/proc/${pid}`)) return;
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    samples.push({ atMs: performance.now(), mib: residentBytes(pid) / MIB, descriptors });
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  const third = (number: number): readonly Sample[] =>
    samples.slice((samples.length * number) / 3, (samples.length * (number + 1)) / 3);
  return {
    mibPerHour: () => slope([...third(1), ...third(2)]) * HOUR_MS,
    lateGrowthMib: () => median(third(2)) - median(third(1)),
    descriptors: () => ({
      first: samples[0]?.descriptors ?? 0,
      last: Math.min(...third(2).map(({ descriptors }) => descriptors)),
    }),
    stop: () => clearInterval(timer),
  };
}

/** Of the line that fits best. */
function slope(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [at, mib] = [mean(({ atMs }) => atMs), mean((sample) => sample.mib)];
  const over = samples.reduce((sum, sample) => sum + (sample.atMs - at) * (sample.mib - mib), 0);
  return over / samples.reduce((sum, { atMs }) => sum + (atMs - at) ** 2, 0);
}

function median(samples: readonly Sample[]): number {
  return samples.map(({ mib }) => mib).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
}

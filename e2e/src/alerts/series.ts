/** A series as promtool is told of it: a sample per interval. */
export interface Series {
  readonly series: string;
  readonly values: string;
}

/** How fast a counter grows, and for how many minutes. */
export type Phase = readonly [perMinute: number, minutes: number];

/** A gauge that keeps these values, each for so many minutes; a sample a minute. */
export function gauge(series: string, ...phases: readonly Phase[]): Series {
  return { series, values: phases.map(([value, minutes]) => `${value}x${minutes}`).join(' ') };
}

/** A counter that grows at these rates; a sample every `everyMinutes`. */
export function counter(series: string, phases: readonly Phase[], everyMinutes = 1): Series {
  const parts: string[] = [];
  let value = 0;
  for (const [perMinute, minutes] of phases) {
    const steps = Math.round(minutes / everyMinutes);
    parts.push(`${value}+${perMinute * everyMinutes}x${steps}`);
    value += perMinute * everyMinutes * (steps + 1);
  }
  return { series, values: parts.join(' ') };
}

/** A process that is gone: no sample for so many minutes. */
export function absent(series: string, minutes: number): Series {
  return { series, values: `_x${minutes}` };
}

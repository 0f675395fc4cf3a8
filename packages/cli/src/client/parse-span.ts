import { InvalidArgumentError } from 'commander';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A span of time such as `90s`, `15m`, `12h`, `7d`, in ms; an error of usage for everything else. */
export function parseSpan(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS_MS[unit as keyof typeof UNITS_MS] ?? 0);
  if (ms === 0) throw new InvalidArgumentError('a span is a number and s, m, h or d, such as 12h.');
  return ms;
}

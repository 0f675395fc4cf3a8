import { Cron } from 'croner';
import type { CronSchedule } from '@arqonbus/storage';

/** Expressions that are kept parsed; parsing one takes longer than to find its next moment. */
const MAX_PARSED = 2_000;
const parsed = new Map<string, ParsedExpression>();

interface ParsedExpression {
  readonly cron: Cron;
  /** What was found last. Many jobs that are due at one moment often share an expression, and to look takes up to a millisecond. */
  afterMs: number;
  nextMs: number | undefined;
}

/** Names of the IANA database; no offsets, which know no daylight saving. */
const ZONE = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;
/** Neither `?`, which stands for the moment of parsing, nor names such as `@daily`. */
const FIELDS = /^[0-9A-Za-z*,/#-]+( [0-9A-Za-z*,/#-]+){4,5}$/;

/** What is wrong with an expression or its time zone; undefined = nothing. */
export function expressionProblem(expression: string, timezone: string): 'expression' | 'timezone' | undefined {
  if (!isZone(timezone)) return 'timezone';
  if (expression.length > 128 || !FIELDS.test(expression)) return 'expression';
  try {
    parse(expression, timezone);
    return undefined;
  } catch {
    return 'expression';
  }
}

/**
 * The first moment after `afterMs` at which a job is due (wall time); undefined = there is none. Of an expression whose local
 * time does not exist, because clocks go forward over it, it is the moment at which they do; of one that comes twice, the first of
 * the two, unless hours are given with `*` or a step (docs/cron.md).
 */
export function nextOccurrence(
  { expression, timezone, startAtMs, everyMs }: CronSchedule,
  afterMs: number,
): number | undefined {
  if (expression !== '') {
    const known = parse(expression, timezone);
    if (known.afterMs !== afterMs) {
      const next = known.cron.nextRun(new Date(afterMs))?.getTime();
      known.afterMs = afterMs;
      known.nextMs = next !== undefined && next > afterMs ? next : undefined;
    }
    return known.nextMs;
  }
  if (startAtMs > afterMs) return startAtMs;
  if (everyMs === 0) return undefined;
  return startAtMs + (Math.floor((afterMs - startAtMs) / everyMs) + 1) * everyMs;
}

function isZone(timezone: string): boolean {
  if (!ZONE.test(timezone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function parse(expression: string, timezone: string): ParsedExpression {
  const key = `${timezone} ${expression}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const fresh = { cron: new Cron(expression, { timezone, paused: true }), afterMs: Number.NaN, nextMs: undefined };
  // The one that was parsed first goes; parsing it again costs a fraction of a millisecond.
  const [oldest] = parsed.size >= MAX_PARSED ? parsed.keys() : [];
  if (oldest !== undefined) parsed.delete(oldest);
  parsed.set(key, fresh);
  return fresh;
}

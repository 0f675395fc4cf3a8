import { bounds } from './envelope-fields.ts';
import { isSafeKey } from './names.ts';

/** How often each participant has acted, as far as somebody knows; a name that is not there counts 0 (LOG-13). */
export type VectorClock = Readonly<Record<string, number>>;

/** How two clocks lie: the first happened before the second, after it, they are one, or neither knew of the other. */
export type ClockOrder = 'before' | 'after' | 'equal' | 'concurrent';

/** Compares two valid clocks. `before` and `after` are a strict partial order. */
export function compareClocks(one: VectorClock, other: VectorClock): ClockOrder {
  const isBehind = isAnyLess(one, other);
  const isAhead = isAnyLess(other, one);
  if (isBehind && isAhead) return 'concurrent';
  if (isBehind) return 'before';
  return isAhead ? 'after' : 'equal';
}

/**
 * The earliest clock that is after or equal to both valid clocks: of each name the larger count. Has no prototype. It may
 * have more names than an envelope carries, where the two together have.
 */
export function mergeClocks(one: VectorClock, other: VectorClock): VectorClock {
  const merged: Record<string, number> = Object.assign(Object.create(null), one);
  for (const name in other) merged[name] = Math.max(countOf(merged, name), countOf(other, name));
  return merged;
}

/** A clock that came from outside, checked; undefined for what is none. Has no prototype. */
export function parseVectorClock(value: unknown): VectorClock | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const clock: Record<string, number> = Object.assign(Object.create(null), value);
  return clockProblem(clock) === undefined ? clock : undefined;
}

/** What is wrong with a clock, for people; undefined where nothing is. */
export function clockProblem(clock: Readonly<Record<string, unknown>>): string | undefined {
  let count = 0;
  for (const name in clock) {
    if (!isSafeKey(name)) return 'has a key that is not a name';
    if (!isCount(clock[name])) return 'holds something that is no integer from 0 to 2^53-1';
    if (++count > bounds.vectorClockEntries) return 'has too many entries';
  }
  return undefined;
}

/** An integer from 0 to 2^53-1. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

/** Only own members count: a clock made by somebody else may have a prototype. */
function countOf(clock: VectorClock, name: string): number {
  return Object.hasOwn(clock, name) ? (clock[name] ?? 0) : 0;
}

function isAnyLess(one: VectorClock, other: VectorClock): boolean {
  for (const name in other) if (countOf(one, name) < countOf(other, name)) return true;
  return false;
}

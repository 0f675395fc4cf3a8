import type { Trial, TrialContext } from '@arqonbus/policy';

/** A payload and what a policy should say of it. */
export interface PolicyCase {
  readonly name: string;
  readonly payload: unknown;
  readonly context: TrialContext;
  /** The members that are compared; the others may be anything. */
  readonly expect: Partial<Trial>;
}

/** Reads the cases of `arqon policy test`. Throws an error that says which is malformed. */
export function parseCases(text: string): readonly PolicyCase[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || value.length === 0) throw new Error('the cases must be a JSON array of at least one');
  return value.map(parseCase);
}

function parseCase(value: unknown, index: number): PolicyCase {
  const refuse = (problem: string): never => {
    throw new Error(`case ${index + 1} ${problem}`);
  };
  if (!isObject(value)) return refuse('is no object');
  const { name = `case ${index + 1}`, payload, context = {}, expect, ...unknown } = value;
  const surplus = Object.keys(unknown)[0];
  if (surplus !== undefined) return refuse(`has an unknown member ${surplus}`);
  if (typeof name !== 'string') return refuse('has a name that is no text');
  if (payload === undefined) return refuse('has no payload');
  if (!isObject(context)) return refuse('has a context that is no object');
  if (!isObject(expect) || !('verdict' in expect)) return refuse('expects no verdict');
  return { name, payload, context, expect };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A parsed value, or what is wrong with the text it came from (a phrase that follows the name of the setting). */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string; readonly fix?: string };

/** Wraps a good value. */
export function valid<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** Tells what is wrong. */
export function invalid(
  problem: string,
  fix?: string,
): { readonly ok: false; readonly problem: string; readonly fix?: string } {
  return fix === undefined ? { ok: false, problem } : { ok: false, problem, fix };
}

/** True for a map as YAML and JSON know it. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

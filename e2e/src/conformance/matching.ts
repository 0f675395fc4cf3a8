import type { Members } from './scenario.ts';

/** Puts what was saved in the place of `$name.member`; a text may hold several, `${name.member}`. */
export function substitute(value: unknown, saved: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') return substituteText(value, saved);
  if (Array.isArray(value)) return value.map((item) => substitute(item, saved));
  if (!isMembers(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, substitute(item, saved)]));
}

/** Whether `told` has everything that `wanted` has, however deep; lists are as long as they are wanted. */
export function matches(told: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(told) && told.length === wanted.length && wanted.every((item, i) => matches(told[i], item));
  }
  if (!isMembers(wanted)) return Object.is(told, wanted);
  return isMembers(told) && Object.entries(wanted).every(([name, item]) => matches(told[name], item));
}

function substituteText(text: string, saved: ReadonlyMap<string, unknown>): unknown {
  const [, whole] = /^\$([\w.]+)$/.exec(text) ?? [];
  if (whole !== undefined) return find(whole, saved);
  return text.replaceAll(/\$\{([\w.]+)\}/g, (_, path: string) => String(find(path, saved)));
}

function find(path: string, saved: ReadonlyMap<string, unknown>): unknown {
  const [name = '', ...members] = path.split('.');
  if (!saved.has(name)) throw new Error(`Nothing was saved as ${name}.`);
  return members.reduce((value: unknown, member) => (isMembers(value) ? value[member] : undefined), saved.get(name));
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

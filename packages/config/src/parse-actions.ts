import type { CasilAction } from './casil-settings.ts';
import { invalid, isPlainObject, valid } from './parsed.ts';
import type { Parsed } from './parsed.ts';

const ACTIONS: readonly string[] = ['allow', 'redact', 'block'] satisfies readonly CasilAction[];

/** Reads actions by name: a map, or `name=action` with commas between. Whether the names are known is not asked here. */
export function parseActions(raw: unknown): Parsed<Readonly<Record<string, CasilAction>>> {
  const entries = typeof raw === 'string' ? splitPairs(raw) : isPlainObject(raw) ? Object.entries(raw) : undefined;
  if (entries === undefined) return invalid('must be a map from detector to action', 'write email=redact,jwt=allow');
  const actions = new Map<string, CasilAction>();
  for (const [name, action] of entries) {
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) return invalid('must name detectors in small letters');
    if (!isAction(action)) return invalid(`needs allow, redact or block for ${name}`);
    actions.set(name, action);
  }
  return valid(Object.fromEntries(actions));
}

function isAction(value: unknown): value is CasilAction {
  return typeof value === 'string' && ACTIONS.includes(value);
}

function splitPairs(text: string): readonly (readonly [string, unknown])[] {
  return text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, undefined] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    });
}

import { casilSettings, parseValue, suggest, toCamelCase } from '@arqonbus/config';
import type { Problem } from '@arqonbus/config';
import type { CasilSettings } from './settings.ts';

/** Some of the settings, by their names in snake case, as commands and records carry them. */
export type CasilChange = Readonly<Record<string, unknown>>;

/** A change that was read, or everything that is wrong with it. */
export type ChangeResult =
  | { readonly ok: true; readonly change: Partial<CasilSettings> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const names: readonly string[] = Object.keys(casilSettings).map((key) => key.slice('casil.'.length));

/** Reads a change by the table that the configuration is read by; whether it makes a policy is asked elsewhere. */
export function parseCasilChange(change: CasilChange): ChangeResult {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(change)) {
    if (!names.includes(name)) {
      problems.push(unknownName(name));
      continue;
    }
    const parsed = parseValue(casilSettings[`casil.${name}` as keyof typeof casilSettings], raw);
    if (parsed.ok) values[toCamelCase(name)] = parsed.value;
    else
      problems.push({ key: name, problem: parsed.problem, ...(parsed.fix === undefined ? {} : { fix: parsed.fix }) });
  }
  return problems.length === 0 ? { ok: true, change: values } : { ok: false, problems };
}

/** The settings by their names in snake case, as `op.casil.get` answers them. */
export function describeCasilSettings(settings: CasilSettings): CasilChange {
  const values = settings as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [name, values[toCamelCase(name)]]));
}

/** What was called so is not repeated: it may be anything. */
function unknownName(name: string): Problem {
  const near = suggest(name, [...names]);
  const key = /^[a-z_]{1,40}$/.test(name) ? name : '?';
  return { key, problem: 'is no setting of CASIL', ...(near === undefined ? {} : { fix: `did you mean ${near}?` }) };
}

import { parse as parseYaml } from 'yaml';
import { parseRooms } from './bootstrap-rooms.ts';
import { parseActions } from './parse-actions.ts';
import { parseLogProfiles, parseLogRules } from './log-settings.ts';
import { invalid, valid } from './parsed.ts';
import type { Parsed } from './parsed.ts';
import type { NumberSetting, Setting } from './setting.ts';

/** Reads a value that the file gives in its own type, or the environment as text. */
export function parseValue(setting: Setting, raw: unknown): Parsed<unknown> {
  switch (setting.kind) {
    case 'string':
    case 'secret':
      return typeof raw === 'string' ? valid(raw) : invalid('must be a text', 'put it in quotes');
    case 'boolean':
      return parseBoolean(raw);
    case 'integer':
    case 'duration_ms':
      return parseNumber(setting, raw);
    case 'enum':
      return setting.values.includes(raw as string)
        ? valid(raw)
        : invalid(`must be one of ${setting.values.join(', ')}`);
    case 'list':
      return parseList(raw, setting.values);
    case 'log_profiles':
      return parseStructured(raw, parseLogProfiles);
    case 'log_rules':
      return parseStructured(raw, parseLogRules);
    case 'actions':
      return parseActions(raw);
    case 'rooms':
      return parseStructured(raw, parseRooms);
    default:
      return setting satisfies never;
  }
}

function parseBoolean(raw: unknown): Parsed<boolean> {
  if (raw === true || raw === 'true') return valid(true);
  return raw === false || raw === 'false' ? valid(false) : invalid('must be true or false');
}

function parseNumber({ kind, min, max }: NumberSetting, raw: unknown): Parsed<number> {
  const value = typeof raw === 'string' && /^-?\d{1,15}$/.test(raw.trim()) ? Number(raw) : raw;
  const unit = kind === 'duration_ms' ? ' of milliseconds' : '';
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    return invalid(`must be a whole number${unit} from ${min} to ${max}`);
  return value >= min && value <= max ? valid(value) : invalid(`is ${value}; it must be from ${min} to ${max}${unit}`);
}

function parseList(raw: unknown, values: readonly string[] | undefined): Parsed<readonly string[]> {
  const items: unknown = typeof raw === 'string' ? splitList(raw) : raw;
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'string' && item !== ''))
    return invalid('must be a list of texts');
  const list = items as readonly string[];
  const isKnown = values === undefined || list.every((item) => values.includes(item));
  return isKnown ? valid(list) : invalid(`may hold ${values.join(', ')} only`);
}

function splitList(text: string): unknown {
  // Items that hold commas are written as JSON.
  if (text.trimStart().startsWith('[')) return parseJson(text);
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** In the environment a structured value is written as YAML, of which JSON is a part. */
function parseStructured<T>(raw: unknown, parse: (value: unknown) => Parsed<T>): Parsed<T> {
  if (typeof raw !== 'string') return parse(raw);
  try {
    return parse(parseYaml(raw, { maxAliasCount: 0 }));
  } catch {
    // The parser's text would quote the value; that it is not YAML says enough.
    return invalid('must be JSON or YAML');
  }
}

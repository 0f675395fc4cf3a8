import { parseDocument } from 'yaml';
import { isPlainObject } from './parsed.ts';
import type { Problem } from './problem.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';
import { suggest } from './suggest.ts';

/** What a configuration file says about settings. */
export interface FileReading {
  readonly values: ReadonlyMap<SettingKey, unknown>;
  readonly problems: readonly Problem[];
}

/** Reads a configuration file: YAML, sections holding settings (`server: {port: 9100}`). No tags, no aliases. */
export function readFileSettings(text: string): FileReading {
  const document = parseDocument(text, { schema: 'core', prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) return failed(`is not YAML that we read: ${error.code} at offset ${error.pos[0]}`);
  const content = toPlain(document);
  if (content === ALIASES) return failed('uses anchors and aliases, which are not read');
  if (content === null) return { values: new Map(), problems: [] };
  return isPlainObject(content) ? readSections(content) : failed('must be a map of sections');
}

function failed(problem: string): FileReading {
  return { values: new Map(), problems: [{ key: 'file', problem }] };
}

const ALIASES = Symbol('aliases');

function toPlain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    // Aliases are all that the conversion of a document without errors refuses.
    return ALIASES;
  }
}

const sections = new Set(Object.keys(settings).map((key) => key.slice(0, key.indexOf('.'))));

function readSections(content: Readonly<Record<string, unknown>>): FileReading {
  const values = new Map<SettingKey, unknown>();
  const problems: Problem[] = [];
  for (const [section, members] of Object.entries(content)) {
    if (!sections.has(section)) problems.push(unknownKey(section, sections));
    else if (isPlainObject(members)) readSection(section, members);
    else if (members !== null) problems.push({ key: section, problem: 'must be a map of settings' });
  }
  return { values, problems };

  function readSection(section: string, members: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(members)) {
      const key = `${section}.${name}`;
      if (!Object.hasOwn(settings, key)) problems.push(unknownKey(key, Object.keys(settings)));
      else if (value !== null) values.set(key as SettingKey, value);
    }
  }
}

function unknownKey(key: string, known: Iterable<string>): Problem {
  const near = suggest(key, known);
  return { key, problem: 'is no setting', ...(near === undefined ? {} : { fix: `did you mean ${near}?` }) };
}

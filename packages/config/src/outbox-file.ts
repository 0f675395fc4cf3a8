import { readFileSync } from 'node:fs';
import { isName } from '@arqonbus/protocol';
import { parseDocument } from 'yaml';
import { isPlainObject } from './parsed.ts';
import { checkAddress } from './postgres-addresses.ts';
import type { Problem } from './problem.ts';

/** One outbox as its operator describes it. Holds secrets. */
export interface OutboxSource {
  /** In logs and metrics, told apart by it. */
  readonly name: string;
  /** A key of the Bridge: whose rows they are (BRG-1, AUT-4). */
  readonly key: string;
  /** Of the application's database. */
  readonly url: string;
}

/** What a file of outboxes says. */
export type OutboxReading =
  | { readonly ok: true; readonly sources: readonly OutboxSource[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Outboxes of one file, at the most. */
const MAX_OUTBOXES = 100;
const KEY = 'outbox.file';

/** Reads the file that `outbox.file` names: a list of `{name, key, url}` in YAML. Tells nothing of what it holds. */
export function readOutboxFile(path: string): OutboxReading {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return failed([{ key: KEY, problem: 'names a file that cannot be read' }]);
  }
  const document = parseDocument(text, { schema: 'core', prettyErrors: false });
  if (document.errors.length > 0) return failed([{ key: KEY, problem: 'names a file that is not YAML' }]);
  try {
    return parseSources(document.toJS({ maxAliasCount: 0 }) as unknown);
  } catch {
    return failed([{ key: KEY, problem: 'names a file that uses anchors and aliases, which are not read' }]);
  }
}

function parseSources(content: unknown): OutboxReading {
  if (content === null) return { ok: true, sources: [] };
  if (!Array.isArray(content) || content.length > MAX_OUTBOXES) {
    return failed([{ key: KEY, problem: `must hold a list of up to ${MAX_OUTBOXES} outboxes` }]);
  }
  const read = content.map(parseSource);
  const problems = read.flatMap((one) => (isSource(one) ? [] : one));
  const sources = read.filter(isSource);
  const names = new Set(sources.map(({ name }) => name));
  if (problems.length === 0 && names.size < sources.length) {
    return failed([{ key: KEY, problem: 'gives two outboxes the same name' }]);
  }
  return problems.length > 0 ? failed(problems) : { ok: true, sources };
}

function parseSource(one: unknown, index: number): OutboxSource | readonly Problem[] {
  const at = `${KEY}[${index}]`;
  if (!isPlainObject(one)) return [{ key: at, problem: 'must be a map of name, key and url' }];
  const { name, key, url, ...rest } = one;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return [{ key: at, problem: 'has more members than name, key and url' }];
  if (typeof name !== 'string' || !isName(name)) return [{ key: `${at}.name`, problem: 'must be a name' }];
  if (typeof key !== 'string' || !key.startsWith('arqk_')) {
    return [{ key: `${at}.key`, problem: 'must be a key of the Bridge', fix: 'make one with arqon keys create' }];
  }
  if (typeof url !== 'string' || url === '') {
    return [{ key: `${at}.url`, problem: 'must be the address of a Postgres database' }];
  }
  const problems = checkAddress(`${at}.url`, url);
  return problems.length > 0 ? problems : { name, key, url };
}

function isSource(one: OutboxSource | readonly Problem[]): one is OutboxSource {
  return !Array.isArray(one);
}

function failed(problems: readonly Problem[]): OutboxReading {
  return { ok: false, problems };
}

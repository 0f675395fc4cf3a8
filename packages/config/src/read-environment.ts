import { toVariable } from './key-names.ts';
import type { Problem } from './problem.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';
import { suggest } from './suggest.ts';

/** What the environment says about settings. */
export interface EnvironmentReading {
  readonly values: ReadonlyMap<SettingKey, string>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** Variables of clients and tools, which share the prefix (CFG-1). */
const CLIENT_VARIABLES = new Set(['ARQONBUS_WS_URL', 'ARQONBUS_HTTP_URL', 'ARQONBUS_AUTH_JWT', 'ARQONBUS_OUTBOX_URL']);

/** Kubernetes gives every pod variables for each service of its namespace; a service may be called `arqonbus-…`. */
const SERVICE_LINK_NAME = /^ARQONBUS_(.*_)?(SERVICE_(HOST|PORT(_.+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;

/** Other names of variables, from before Valkey was one (CFG-2). */
const ALIASES: readonly (readonly [string, SettingKey])[] = [['ARQONBUS_REDIS_URL', 'valkey.url']];

const keysByVariable: ReadonlyMap<string, SettingKey> = new Map([
  ...Object.keys(settings).map((key) => [toVariable(key), key as SettingKey] as const),
  ...ALIASES,
]);
const secretFiles: ReadonlyMap<string, SettingKey> = new Map(
  [...keysByVariable].filter(([, key]) => settings[key].kind === 'secret').map(([name, key]) => [`${name}_FILE`, key]),
);

/**
 * Reads the `ARQONBUS_*` variables (CFG-1, CFG-2). An empty variable counts as not set. `readFile` gives the text of
 * the file that a secret's `…_FILE` names, and may throw.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): EnvironmentReading {
  const values = new Map<SettingKey, string>();
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('ARQONBUS_') || value === undefined || CLIENT_VARIABLES.has(name)) continue;
    if (isServiceLink(name, value)) {
      warnings.push(`${name} looks like a Kubernetes service link and is ignored; set enableServiceLinks: false.`);
      continue;
    }
    const key = keysByVariable.get(name) ?? secretFiles.get(name);
    if (key === undefined) problems.push(unknownVariable(name));
    else if (value !== '') readVariable(name, key, value);
  }
  return { values, problems, warnings };

  function readVariable(name: string, key: SettingKey, value: string): void {
    if (values.has(key)) {
      problems.push({ key: name, problem: `${key} is set twice, under two names`, fix: 'keep one of them' });
      return;
    }
    const text = secretFiles.has(name) ? readSecret(value) : value;
    if (text === undefined) problems.push({ key: name, problem: 'names a file that is empty or cannot be read' });
    else values.set(key, text);
  }

  function readSecret(path: string): string | undefined {
    try {
      return readFile(path).trimEnd() || undefined;
    } catch {
      // The reason may quote the path, which may be a secret put into the wrong variable.
      return undefined;
    }
  }
}

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK_VALUE.test(value) ? name.includes('_PORT') : SERVICE_LINK_NAME.test(name);
}

function unknownVariable(name: string): Problem {
  const near = suggest(name, [...keysByVariable.keys(), ...secretFiles.keys()]);
  return { key: name, problem: 'is no setting', ...(near === undefined ? {} : { fix: `did you mean ${near}?` }) };
}

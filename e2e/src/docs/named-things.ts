import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settings, toVariable } from '@arqonbus/config';
import type { SettingKey } from '@arqonbus/config';
import { commands } from '@arqonbus/protocol';
import type { CommandDefinition } from '@arqonbus/protocol';
import { repository } from './markdown-pages.ts';

const keys = Object.keys(settings) as SettingKey[];
const sections = [...new Set(keys.map((key) => key.slice(0, key.indexOf('.'))))];
const variables = new Set([
  ...keys.map(toVariable),
  ...keys.filter((key) => settings[key].kind === 'secret').map((key) => `${toVariable(key)}_FILE`),
  'ARQONBUS_WS_URL',
  'ARQONBUS_HTTP_URL',
  'ARQONBUS_AUTH_JWT',
  'ARQONBUS_OUTBOX_URL',
]);
/** Made from a running bus, and compared with one by a test of its own. */
const metricsPage = readFileSync(join(repository, 'docs/metrics.md'), 'utf8');
/** Fields inside the results of commands look like settings: `server.version`. */
const resultFields = new Set(
  Object.values<CommandDefinition>(commands).flatMap(({ result }) =>
    Object.entries(result.properties ?? {}).flatMap(([outer, { properties = {} }]) =>
      Object.keys(properties).map((inner) => `${outer}.${inner}`),
    ),
  ),
);
const sources = readSources(['packages', 'services', 'bench/src', 'e2e/src/harness', 'deploy', 'scripts']);
const arqonHelp = execFileSync(process.execPath, [join(repository, 'packages/cli/dist/arqon.mjs'), '--help'], {
  encoding: 'utf8',
});
const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** A metric that not every bus has, such as one about TLS, stands in the sources alone. */
function isMetric(name: string): boolean {
  return metricsPage.includes(`\`${name}\``) || sources.includes(`'${name}'`);
}

/** True when this stands somewhere in the sources, tests left out. */
export function isInSources(text: string): boolean {
  return sources.includes(text);
}

/** A kind of name that documentation may not invent. */
interface NamedThing {
  readonly kind: string;
  /** Finds the names in a text; the first group is the name. */
  readonly pattern: RegExp;
  exists(name: string): boolean;
}

const things: readonly NamedThing[] = [
  {
    // An alias of a variable stands in the table of aliases alone.
    kind: 'variable',
    pattern: /\b(ARQONBUS_[A-Z0-9_]*[A-Z0-9](?:_…|_\*)?)/g,
    exists: (name) =>
      /[…*]$/.test(name)
        ? [...variables].some((variable) => variable.startsWith(name.slice(0, -1)))
        : variables.has(name) || isInSources(`['${name}',`),
  },
  {
    kind: 'setting',
    pattern: new RegExp(`\`((?:${sections.join('|')})\\.[a-z_]+)\``, 'g'),
    exists: (name) => Object.hasOwn(settings, name) || resultFields.has(name) || isInSources(`'${name}'`),
  },
  {
    kind: 'metric',
    pattern: /\b(arqonbus_[a-z_]+)/g,
    exists: (name) => isMetric(name.replace(/_(bucket|sum|count)$/, '')),
  },
  {
    kind: 'name in capitals',
    pattern: /`(?!ARQONBUS_)([A-Z]{2,}(?:_[A-Z]+)*)`/g,
    exists: (name) => sources.includes(name),
  },
  {
    kind: 'command',
    pattern: /`(op\.[a-z.]+[a-z])`/g,
    exists: (name) => Object.hasOwn(commands, name),
  },
  {
    kind: 'command of arqon',
    pattern: /\barqon ([a-z]+)\b/g,
    exists: (name) => new RegExp(`^  ${name}\\b`, 'm').test(arqonHelp) || name === 'is',
  },
  { kind: 'npm script', pattern: /\bnpm run ([a-z]+)/g, exists: (name) => Object.hasOwn(scripts, name) },
];

/** The names in a text that nothing in the code has, each after its kind. */
export function inventedNames(text: string): readonly string[] {
  return things.flatMap(({ kind, pattern, exists }) =>
    [...text.matchAll(pattern)].flatMap(([, name = '']) => (exists(name) ? [] : [`${kind} ${name}`])),
  );
}

function readSources(folders: readonly string[]): string {
  const isSource = /(?<!\.test)\.(ts|mjs|conf|proto|yaml)$/;
  return folders
    .flatMap((folder) => {
      const paths = readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' });
      return paths
        .filter((path) => isSource.test(path) && !/node_modules|dist\//.test(path))
        .map((path) => readFileSync(join(repository, folder, path), 'utf8'));
    })
    .join('\n');
}

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repositoryRoot } from './run-tool.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const OURS = '@arqonbus/';

/** For each of our packages, the ones that it may ship with; what is not listed imports whatever it composes. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  config: ['protocol'],
  telemetry: ['protocol'],
  storage: ['protocol', 'config', 'telemetry'],
  spine: ['protocol'],
  auth: ['protocol', 'config', 'telemetry'],
  policy: ['protocol', 'config', 'telemetry'],
  casil: ['protocol', 'config', 'telemetry'],
  schema: ['protocol', 'config', 'telemetry'],
  pipeline: ['auth', 'casil', 'policy', 'schema', 'protocol', 'telemetry'],
  sdk: ['protocol'],
  runtime: ['auth', 'config', 'protocol', 'spine', 'storage', 'telemetry'],
  shield: ['auth', 'casil', 'config', 'pipeline', 'policy', 'protocol', 'runtime', 'schema', 'spine', 'telemetry'],
  brain: ['auth', 'casil', 'config', 'policy', 'protocol', 'runtime', 'schema', 'spine', 'storage', 'telemetry'],
};

const manifests: readonly Manifest[] = [
  '.',
  'bench',
  'e2e',
  ...children('packages'),
  ...children('services'),
  ...children('examples'),
]
  .map((folder) => join(repositoryRoot, folder, 'package.json'))
  .filter((path) => existsSync(path))
  .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Manifest);

function children(folder: string): readonly string[] {
  return readdirSync(join(repositoryRoot, folder)).map((name) => join(folder, name));
}

function registryEntries({
  dependencies,
  optionalDependencies,
  devDependencies,
}: Manifest): readonly [string, string][] {
  return Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }).filter(
    ([name]) => !name.startsWith(OURS),
  );
}

describe('dependencies', () => {
  const story = readFileSync(join(repositoryRoot, 'docs/dependencies.md'), 'utf8');

  it('are pinned exactly', () => {
    const all = manifests.flatMap(registryEntries);
    const loose = all.filter(([, range]) => !/^(?:npm:.+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range));
    expect(all.length).toBeGreaterThan(0);
    expect(loose).toEqual([]);
  });

  it('are each explained in docs/dependencies.md', () => {
    const all = manifests.flatMap(registryEntries);
    const unexplained = all.map(([name]) => name).filter((name) => !story.includes(`| \`${name}\` |`));
    expect(unexplained).toEqual([]);
  });

  it('are gone from docs/dependencies.md when they are gone', () => {
    const used = new Set(manifests.flatMap(registryEntries).map(([name]) => name));
    const explained = [...story.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');
    expect(explained.filter((name) => !used.has(name))).toEqual([]);
  });

  it('[ARC-6] no package ships with one of a higher layer', () => {
    const upward = manifests.flatMap(({ name, dependencies = {} }) => {
      const allowed = ALLOWED[name.slice(OURS.length)];
      const ours = Object.keys(dependencies).filter((other) => other.startsWith(OURS));
      return allowed === undefined
        ? []
        : ours.filter((other) => !allowed.includes(other.slice(OURS.length))).map((other) => `${name} → ${other}`);
    });
    expect(upward).toEqual([]);
  });

  it('the lockfile holds checksums and no download address', () => {
    const lockfile = readFileSync(join(repositoryRoot, 'pnpm-lock.yaml'), 'utf8');
    expect(lockfile).not.toMatch(/https?:\/\/|tarball:/);
    expect(lockfile).toMatch(/integrity: sha512-/);
  });
});

import { describe, expect, it } from 'vitest';
import { loadScript } from './load-script.ts';

interface Evidence {
  readonly lockfile: { readonly packages: Readonly<Record<string, object>> };
  readonly policy: object;
  readonly licences: Readonly<Record<string, readonly string[]>>;
  readonly shipped: readonly string[];
}

const { packageFaults } = await loadScript<{ packageFaults(evidence: Evidence): readonly string[] }>(
  'gates/package-faults.mjs',
);

const resolution = { integrity: 'sha512-abc' };
const policy = {
  licences: { everywhere: ['MIT', 'ISC'], toolsOnly: ['MPL-2.0'] },
  denied: [
    { name: '@evil/left', versions: ['1.2.3'], why: 'stole tokens' },
    { name: 'worse', versions: '*', why: 'never' },
  ],
};
const sound = {
  lockfile: { packages: { 'ws@8.23.0': { resolution } } },
  policy,
  licences: { MIT: ['ws'] },
  shipped: ['ws'],
};

function withPackage(id: string, entry: object): readonly string[] {
  return packageFaults({ ...sound, lockfile: { packages: { 'ws@8.23.0': { resolution }, [id]: entry } } });
}

describe('the check of packages', () => {
  it('finds nothing wrong with a sound list', () => {
    expect(packageFaults(sound)).toEqual([]);
  });

  it('refuses a denied version and takes another', () => {
    expect(withPackage('@evil/left@1.2.3', { resolution })).toEqual(['@evil/left@1.2.3: denied, stole tokens']);
    expect(withPackage('@evil/left@1.2.4', { resolution })).toEqual([]);
    expect(withPackage('worse@0.0.1', { resolution })).toEqual(['worse@0.0.1: denied, never']);
  });

  it('refuses a package without a SHA-512 checksum', () => {
    expect(withPackage('a@1.0.0', { resolution: {} })).toEqual(['a@1.0.0: no SHA-512 checksum']);
    expect(withPackage('a@1.0.0', { resolution: { integrity: 'sha1-abc' } })).toEqual(['a@1.0.0: no SHA-512 checksum']);
  });

  it('refuses a package from elsewhere than a registry', () => {
    const elsewhere = { ...resolution, tarball: 'file.tgz' };
    expect(withPackage('a@1.0.0', { resolution: elsewhere })).toEqual(['a@1.0.0: not from a registry (tarball)']);
  });

  it('refuses a package that its authors gave up', () => {
    expect(withPackage('a@1.0.0', { resolution, deprecated: 'use b' })).toEqual([
      'a@1.0.0: given up by its authors: use b',
    ]);
  });

  it('refuses unknown licences, and licences of tools in what ships', () => {
    expect(packageFaults({ ...sound, licences: { 'AGPL-3.0': ['tool'] } })).toEqual([
      'tool: the licence AGPL-3.0 is not allowed',
    ]);
    expect(packageFaults({ ...sound, licences: { 'MPL-2.0': ['tool'] } })).toEqual([]);
    expect(packageFaults({ ...sound, licences: { 'MPL-2.0': ['ws'] } })).toEqual([
      'ws: the licence MPL-2.0 is not allowed in what ships',
    ]);
  });

  it('refuses a lockfile that it cannot read anything from', () => {
    expect(packageFaults({ ...sound, lockfile: { packages: {} } })).toEqual(['the lockfile names no package']);
  });
});

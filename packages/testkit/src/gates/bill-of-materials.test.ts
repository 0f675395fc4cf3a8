import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadScript } from './load-script.ts';

interface Component {
  readonly 'bom-ref': string;
}

interface Bill {
  readonly components: readonly Component[];
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly integrity?: string;
}

const { billOfMaterials, withComponents, npmComponent, debianComponent, programComponent } = await loadScript<{
  billOfMaterials(program: {
    readonly name: string;
    readonly version: string;
    readonly components: readonly Component[];
  }): Bill;
  withComponents(bill: Bill, components: readonly Component[]): Bill;
  npmComponent(one: NpmPackage): Component;
  debianComponent(one: { readonly name: string; readonly version: string; readonly architecture: string }): Component;
  programComponent(one: { readonly name: string; readonly version: string }): Component;
}>('images/bill-of-materials.mjs');
const { billFaults } = await loadScript<{ billFaults(bill: unknown, expected?: readonly string[]): readonly string[] }>(
  'images/bill-faults.mjs',
);
const { bundledPackages } = await loadScript<{ bundledPackages(inputs: readonly string[]): readonly NpmPackage[] }>(
  'bundled-packages.mjs',
);
const { debianPackages } = await loadScript<{ debianPackages(folder: string): readonly object[] }>(
  'images/debian-packages.mjs',
);

const ws: NpmPackage = {
  name: 'ws',
  version: '8.23.0',
  license: 'MIT',
  integrity: `sha512-${btoa('\u00ff'.repeat(64))}`,
};
const scoped: NpmPackage = { name: '@bufbuild/cel', version: '0.6.1', license: 'Apache-2.0' };
const libc = { name: 'libc6', version: '2.36-9+deb12u10', architecture: 'amd64' };
const shield = (components: readonly Component[]): Bill =>
  billOfMaterials({ name: 'arqonbus-shield', version: '0.1.0', components });

describe('[DPL-1] a bill of materials', () => {
  it('fits the schema of CycloneDX, with packages of npm and Debian and with Node', () => {
    const bill = withComponents(shield([npmComponent(ws), npmComponent(scoped)]), [
      debianComponent(libc),
      programComponent({ name: 'node', version: '24.21.0' }),
    ]);
    expect(billFaults(bill, ['ws@8.23.0', '@bufbuild/cel@0.6.1', 'node@24.21.0'])).toEqual([]);
    expect(bill.components).toMatchObject([
      { purl: 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64' },
      { purl: 'pkg:generic/node@24.21.0' },
      { purl: 'pkg:npm/%40bufbuild/cel@0.6.1', licenses: [{ expression: 'Apache-2.0' }] },
      { purl: 'pkg:npm/ws@8.23.0', hashes: [{ alg: 'SHA-512', content: 'ff'.repeat(64) }] },
    ]);
  });

  it('is the same for the same parts, in whatever order and however often they come', () => {
    const [one, other] = [npmComponent(ws), npmComponent(scoped)];
    expect(shield([one, other, one])).toEqual(shield([other, one]));
  });

  it('names the packages that files of a bundle belong to', () => {
    const names = bundledPackages(['node_modules/yaml/dist/index.js', 'packages/cli/src/main.ts']).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['yaml']);
  });

  it('with a part missing, or in no shape, is found out', () => {
    const bill = shield([npmComponent(ws)]);
    expect(billFaults(bill, ['zod@4.0.0'])).toEqual(['does not name zod@4.0.0']);
    expect(billFaults({ ...bill, bomFormat: 'SPDX' })).toEqual([
      '/bomFormat must be equal to one of the allowed values',
    ]);
    expect(billFaults({ ...bill, components: [{ name: 'ws' }] }).join()).toContain(
      "must have required property 'type'",
    );
  });
});

describe('[DPL-1] the packages of Debian in an image', () => {
  const stanza = (name: string, more = ''): string =>
    `Package: ${name}\n${more}Architecture: amd64\nVersion: 1.0-1\nDescription: words\n Version: no field\n`;
  const installed = 'Status: install ok installed\n';

  it('are those that dpkg says are installed, whether it keeps them in one file or in one each', () => {
    const folder = mkdtempSync(join(tmpdir(), 'arqon-dpkg-'));
    try {
      expect(debianPackages(folder)).toEqual([]);
      const gone = 'Status: deinstall ok config-files\n';
      const all = [stanza('libc6', installed), stanza('old', gone), stanza('tzdata', installed)];
      writeFileSync(join(folder, 'status'), all.join('\n'));
      const expected = ['libc6', 'tzdata'].map((name) => ({ name, version: '1.0-1', architecture: 'amd64' }));
      expect(debianPackages(folder)).toEqual(expected);
      mkdirSync(join(folder, 'status.d'));
      for (const name of ['libc6', 'tzdata']) writeFileSync(join(folder, 'status.d', name), stanza(name));
      expect(debianPackages(folder)).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

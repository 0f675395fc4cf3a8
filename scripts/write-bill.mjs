import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BILL, billOfMaterials, billText, npmComponent } from './images/bill-of-materials.mjs';
import { root } from './root.mjs';

/** Writes the bill of materials of a program beside it: these packages, with the checksums of the lockfile. */
export async function writeBill(program, packages) {
  const { parse } = await import('yaml');
  const { packages: locked } = parse(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const components = packages.map((one) =>
    npmComponent({ ...one, integrity: locked[`${one.name}@${one.version}`]?.resolution.integrity }),
  );
  const name = `arqonbus-${basename(program, '.mjs')}`;
  writeFileSync(join(dirname(program), BILL), billText(billOfMaterials({ name, version, components })));
}

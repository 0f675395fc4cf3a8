import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { root } from '../root.mjs';

const require = createRequire(join(root, 'package.json'));
let validate;

/**
 * What is wrong with a bill of materials: where it does not fit the schema of CycloneDX 1.6, and which of the `expected` parts (as
 * `name@version`) it does not name.
 */
export function billFaults(bill, expected = []) {
  validate ??= compile();
  const isValid = validate(bill);
  const shape = isValid ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
  const named = new Set((bill.components ?? []).map(({ name, version }) => `${name}@${version}`));
  return [...shape, ...expected.filter((part) => !named.has(part)).map((part) => `does not name ${part}`)];
}

function compile() {
  const folder = join(dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json')), 'res/schema');
  const read = (name) => JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8'));
  // Formats are of e-mail and international addresses, of which there are none here.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema({ ...read(name), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` });
  }
  return ajv.compile(read('bom-1.6'));
}

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BILL,
  billText,
  debianComponent,
  npmComponent,
  programComponent,
  withComponents,
} from './bill-of-materials.mjs';
import { debianPackages } from './debian-packages.mjs';

// `node scripts/images/complete-bill.mjs <folder>`: in the build of images, on the base that they run on. Adds to the bill of each program in
// <folder>/<program> what the base has, Node and the packages of Debian, and native sockets to that of the Shield.
const NATIVE = '/src/native-sockets/node_modules/uWebSockets.js/package.json';
const [folder] = process.argv.slice(2);
const base = [
  programComponent({ name: 'node', version: process.versions.node }),
  ...debianPackages('/var/lib/dpkg').map(debianComponent),
];
for (const program of readdirSync(folder)) {
  const path = join(folder, program, BILL);
  const native = program === 'shield' && existsSync(NATIVE) ? [nativeSockets()] : [];
  writeFileSync(path, billText(withComponents(JSON.parse(readFileSync(path, 'utf8')), [...base, ...native])));
}

function nativeSockets() {
  const { name, version = 'unknown', license = 'Apache-2.0' } = JSON.parse(readFileSync(NATIVE, 'utf8'));
  return npmComponent({ name, version, license });
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from './root.mjs';
import { run } from './run.mjs';

const emitted = join(root, '.cache/sdk-declarations');
const target = join(root, 'packages/sdk-typescript/dist/types');
const entry = 'sdk-typescript/src/index.d.ts';
// The compiler's settings name them too: what it finds through node_modules it only sometimes writes declarations of.
const bundledPackages = { '@arqonbus/protocol': 'protocol/src/index.d.ts' };

const SPECIFIER = /(?<=\bfrom ')[^']+(?=';$)/gm;

/**
 * Writes the type declarations of the SDK as its bundle has them: those of the packages that are bundled lie beside its
 * own, so that a project that installs the SDK needs nothing else. Only what the SDK's entry leads to is kept. Throws
 * with the compiler's errors, and for an import of a package that a project would not have.
 */
export async function buildSdkDeclarations() {
  rmSync(emitted, { recursive: true, force: true });
  const { code, output } = await run('tsc', ['-p', 'packages/sdk-typescript/tsconfig.declarations.json'], {
    output: 'capture',
  });
  if (code !== 0) throw new Error(`The declarations of the SDK were not made:\n${output}`);
  const files = readReachable(entry);
  // All are read before anything is removed: a build that fails leaves the last one.
  rmSync(target, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), text);
  }
}

/** The files that `first` leads to, with imports that lead from one to the other. */
function readReachable(first) {
  const files = new Map();
  const waiting = [first];
  for (const path of waiting) {
    if (files.has(path)) continue;
    const text = readFileSync(join(emitted, path), 'utf8').replaceAll(SPECIFIER, (specifier) => {
      const imported = declarationOf(specifier, path);
      waiting.push(imported);
      return specifierOf(imported, path);
    });
    files.set(path, text);
  }
  return files;
}

function declarationOf(specifier, importer) {
  if (specifier.startsWith('.')) return join(dirname(importer), specifier).replace(/\.ts$/, '.d.ts');
  const bundled = bundledPackages[specifier];
  if (bundled === undefined) throw new Error(`${importer}: the SDK's types would need "${specifier}" installed.`);
  return bundled;
}

function specifierOf(path, importer) {
  const specifier = relative(dirname(importer), path).replace(/\.d\.ts$/, '.js');
  return specifier.startsWith('.') ? specifier : `./${specifier}`;
}

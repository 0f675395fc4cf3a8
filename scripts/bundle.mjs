import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundledPackages } from './bundled-packages.mjs';
import { licenseNotices } from './license-notices.mjs';
import { root } from './root.mjs';

/** Native or optional parts that a bundle finds at run time, if at all. */
const ALWAYS_EXTERNAL = ['uWebSockets.js', 'bufferutil', 'utf-8-validate'];

// CommonJS dependencies inside an ES module call `require` for Node's own modules.
const REQUIRE = `import { createRequire as arqonCreateRequire } from 'node:module';
const require = arqonCreateRequire(import.meta.url);`;

/**
 * Bundles one program for Node into a script, `name.cjs`, that is started as `name.mjs`. Scripts start faster than ES modules
 * (0.8 s of CPU in place of 1.0 for `arqon dev`), and what is compiled of them can be kept. Gives the packages of others that are in it.
 * Throws with the compiler's errors.
 */
export async function bundleProgram(entry, outfile, plugins = []) {
  const script = scriptOf(outfile);
  const packages = await bundleScript(entry, script, plugins);
  await writeFile(
    outfile,
    `#!/usr/bin/env node\nimport { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('./${basename(script)}');\n`,
  );
  await chmod(outfile, 0o755);
  return packages;
}

/** Bundles one entry point for Node into a script that a program requires, or is. Gives and throws the same. */
export function bundleScript(entry, outfile, plugins = []) {
  return bundle({
    entryPoints: [entry],
    outfile,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ALWAYS_EXTERNAL,
    // A script that V8 has compiled before cannot import (Node 20); what it would, it requires.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'arqonImportMetaUrl' },
    // It stands before esbuild's own directive, which would be none after it: without it the code is not that of modules.
    banner: { js: `"use strict";\nconst arqonImportMetaUrl = require('node:url').pathToFileURL(__filename).href;` },
    plugins,
  });
}

/** The modules that these files name stay out of a program's script, and are required from the scripts beside it that they map to. */
export function keepApart(scripts) {
  return {
    name: 'keep-apart',
    setup: (build) =>
      build.onResolve({ filter: /^\.{1,2}\/.+\.ts$/ }, ({ path, kind, resolveDir }) => {
        const file = kind === 'dynamic-import' ? scripts.get(relative(root, join(resolveDir, path))) : undefined;
        return file === undefined ? undefined : { path: `./${file}`, external: true };
      }),
  };
}

/** The code of a program that is started as `program`. */
export function scriptOf(program) {
  return program.replace(/mjs$/, 'cjs');
}

/** Bundles one entry point for Node into one ES module with a source map beside it. Throws with the compiler's errors. */
export async function bundleForNode(entry, outfile, { external = [], plugins = [] } = {}) {
  await bundle({
    entryPoints: [entry],
    outfile,
    platform: 'node',
    target: 'node20',
    external: [...ALWAYS_EXTERNAL, ...external],
    banner: { js: REQUIRE },
    plugins,
  });
}

/** Bundles one entry point into one ES module that browsers and Node load alike. */
export async function bundleForBrowser(entry, outfile) {
  await bundle({
    entryPoints: [entry],
    outfile,
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['module', 'main'],
  });
}

/** For code that runs at build time from a bundle: `import.meta.url` and `import.meta.dirname` stay those of the source file. */
export const keepSourceUrls = keepSourceUrlsOf(/\.ts$/);

/** The same for the files whose path this matches, where the rest of a bundle finds its files from where it lies. */
export function keepSourceUrlsOf(filter) {
  return {
    name: 'keep-source-urls',
    setup(build) {
      build.onLoad({ filter }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8'))
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
          .replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
        loader: 'ts',
      }));
    },
  };
}

/** Ends the compiler's own process, which would outlive the last bundle otherwise. */
export async function stopCompiler() {
  const { stop } = await import('esbuild');
  await stop();
}

/** Where the licences of what is in a bundle stand; not there where nothing is in it but ours. */
export function noticesOf(outfile) {
  return `${outfile}.LICENSES.txt`;
}

/** Gives the packages of others that are in it. */
async function bundle(options) {
  // Imported late: a build that finds everything up to date needs no compiler.
  const { build } = await import('esbuild');
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    sourcemap: true,
    // They stand beside the bundle, each once and whole.
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
    ...options,
  });
  const packages = bundledPackages(Object.keys(metafile.inputs));
  const notices = licenseNotices(packages);
  if (notices === '') await rm(noticesOf(options.outfile), { force: true });
  else await writeFile(noticesOf(options.outfile), notices);
  return packages;
}

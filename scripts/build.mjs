import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSdkDeclarations } from './build-declarations.mjs';
import {
  bundleForBrowser,
  bundleForNode,
  bundleProgram,
  bundleScript,
  keepApart,
  keepSourceUrls,
  noticesOf,
  stopCompiler,
} from './bundle.mjs';
import { describeBuild } from './describe-build.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { hashFiles, listFiles } from './hash-files.mjs';
import { isMain, root } from './root.mjs';
import { packageFolders } from './workspace-packages.mjs';
import { writeBill } from './write-bill.mjs';

const cliDist = join(root, 'packages/cli/dist');
const sdkDist = join(root, 'packages/sdk-typescript/dist');
const services = ['shield', 'brain', 'bridge'];
/**
 * What stands in a script of its own, by the module that is its entry. What generates types is 2 MB that few runs need, and made each
 * start 0.07 s longer. The whole bus is none of the other commands' business, and what a program loads late is compiled to code
 * that V8 runs slower, since each name of a module is a variable then: a message cost 35 µs of CPU in place of 31 (three paired runs).
 */
const cliScripts = new Map([
  ['packages/cli/src/schema/generate/generate-types.ts', 'arqon.generate-types.cjs'],
  ['packages/cli/src/dev/own-bus.ts', 'arqon.own-bus.cjs'],
]);
const stampPath = join(cliDist, '.built-from');

/** The command line with everything it needs: what starts it, beside its script. */
export const cliBundle = join(cliDist, 'arqon.mjs');

/** One service, likewise. */
export function serviceBundle(name) {
  return join(root, 'services', name, 'dist', `${name}.mjs`);
}

/** The folders of programs. */
const programDists = [cliDist, ...services.map((name) => dirname(serviceBundle(name)))];

/**
 * Builds what runs: the `arqon` bundle with the chat page beside it, the services, and the SDK with
 * its types. Does nothing when no source changed since the last build. Gives true when it built. Throws with the compiler's errors.
 */
export async function build() {
  const sources = hashFiles(sourceFiles());
  if (isBuiltFrom(sources)) {
    await describeBuild(programDists);
    return false;
  }
  // Nothing is removed first: a bus may be starting from the last build.
  mkdirSync(cliDist, { recursive: true });
  try {
    await Promise.all([
      buildCli(),
      ...services.map((name) => buildService(name)),
      bundleForNode(
        'examples/mirror-consumer/src/main.ts',
        join(root, 'examples/mirror-consumer/dist/mirror-consumer.mjs'),
      ),
      bundleForBrowser('packages/sdk-typescript/src/index.ts', join(sdkDist, 'index.js')),
      buildSdkDeclarations(),
      buildChatPage(),
    ]);
  } finally {
    await stopCompiler();
  }
  for (const folder of [cliDist, dirname(serviceBundle('shield'))]) linkNativeSocketServer(folder);
  copyMigrations();
  await describeBuild(programDists);
  writeFileSync(stampPath, sources);
  return true;
}

async function buildCli() {
  const packages = await Promise.all([
    bundleProgram('packages/cli/src/main.ts', cliBundle, [keepApart(cliScripts)]),
    ...[...cliScripts].map(([entry, file]) => bundleScript(entry, join(cliDist, file))),
  ]);
  await writeBill(cliBundle, packages.flat());
}

async function buildService(name) {
  const program = serviceBundle(name);
  await writeBill(program, await bundleProgram(`services/${name}/src/main.ts`, program));
}

function isBuiltFrom(sources) {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8') === sources;
}

function sourceFiles() {
  const isSource = (path) => !/\.(test|contract)\.ts$/.test(path);
  const own = listFiles(join(root, 'scripts'), () => true);
  const folders = packageFolders().filter((folder) => folder !== root);
  const code = folders.flatMap((folder) =>
    existsSync(join(folder, 'src')) ? listFiles(join(folder, 'src'), isSource) : [],
  );
  const settings = ['pnpm-lock.yaml', 'tsconfig.json', 'packages/sdk-typescript/tsconfig.declarations.json'];
  return [...settings.map((path) => join(root, path)), ...own, ...code];
}

async function buildChatPage() {
  const builder = join(cliDist, 'build-chat-page.mjs');
  const plugins = [keepSourceUrls];
  await bundleForNode('packages/cli/src/chat/build-chat-page.ts', builder, { external: ['esbuild'], plugins });
  const { buildChatPage: buildPage } = await import(pathToFileURL(builder).href);
  writeFileSync(join(cliDist, 'chat.html'), await buildPage());
  for (const file of [builder, `${builder}.map`, noticesOf(builder)]) rmSync(file, { force: true });
}

/** `arqon migrate` reads its steps from the folder of the bundle. */
function copyMigrations() {
  const target = join(cliDist, 'migrations');
  rmSync(target, { recursive: true, force: true });
  cpSync(join(root, 'packages/storage/src/postgres/migrations'), target, { recursive: true });
}

/** The native socket server cannot be bundled and belongs to the Shield; a bundle finds it as a module of its own folder. */
function linkNativeSocketServer(folder) {
  const installed = join(root, 'services/shield/node_modules/uWebSockets.js');
  if (!existsSync(installed)) return;
  const link = join(folder, 'node_modules/uWebSockets.js');
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(relative(dirname(link), realpathSync(installed)), link, 'dir');
}

if (isMain(import.meta.url)) {
  // What was built of these sources needs no dependencies: so images are made of it where there is no registry.
  if (!isBuiltFrom(hashFiles(sourceFiles()))) await ensureInstalled();
  const startedAt = performance.now();
  const hasBuilt = await build();
  const took = Math.round(performance.now() - startedAt);
  process.stdout.write(`${hasBuilt ? 'Built' : 'Up to date'}: ${relative(root, cliBundle)} (${took} ms)\n`);
}

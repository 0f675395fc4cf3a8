import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A project outside this repository that has installed what we publish. */
export interface StrangerProject {
  readonly folder: string;
  /** Compiles `main.ts` with these options on top of strict ones; gives what the compiler says, empty = nothing. */
  compile(text: string, compilerOptions: Readonly<Record<string, unknown>>): string;
  /** Runs a program in it; gives what it printed. Rejects when it fails. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  remove(): void;
}

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const STRICT = { strict: true, module: 'nodenext', target: 'es2022', exactOptionalPropertyTypes: true };

/** Packs the packages from the last build, and installs the archives with npm, without a registry, in an empty folder. */
export function createStrangerProject(): StrangerProject {
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-stranger-'));
  const pack = [join(repository, 'scripts/pack.mjs'), join(folder, 'archives')];
  const archives = execFileSync(process.execPath, pack, { encoding: 'utf8' }).trim().split('\n');
  writeFileSync(join(folder, 'package.json'), '{"name": "stranger", "private": true, "type": "module"}');
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', ...archives], { cwd: folder });
  return {
    folder,
    compile: (text, compilerOptions) => {
      writeFileSync(join(folder, 'main.ts'), text);
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: { ...STRICT, ...compilerOptions } }),
      );
      return messagesOf(join(repository, 'node_modules/.bin/tsc'), folder);
    },
    run: async (program, args, env = {}) => {
      const options = { cwd: folder, env: { ...process.env, ...env }, timeout: 20_000 };
      return (await promisify(execFile)(program, args, options)).stdout;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Gives it `ws` and the types that a program for Node 20 has, from this workspace instead of a registry. */
export function addNodePackages({ folder }: StrangerProject): void {
  const types = realpathSync(join(repository, 'node_modules/@types/node'));
  const installed = {
    ws: join(repository, 'e2e/node_modules/ws'),
    '@types/ws': join(repository, 'e2e/node_modules/@types/ws'),
    '@types/node': types,
    'undici-types': join(types, '../../undici-types'),
  };
  for (const [name, path] of Object.entries(installed)) {
    const target = join(folder, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(realpathSync(path), target, { recursive: true });
  }
}

function messagesOf(compiler: string, folder: string): string {
  try {
    execFileSync(compiler, ['-p', folder], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { CodeBlock } from './code-blocks.ts';
import { repository } from './markdown-pages.ts';

/** The programs of the documentation in a folder where they find the SDK, as in a project that has installed it. */
export interface Programs {
  /** What TypeScript says against them in strict mode; empty = nothing. */
  readonly typeErrors: string;
  /** Runs one; gives what it printed. Rejects when it fails. */
  run(block: CodeBlock, env: Readonly<Record<string, string>>): Promise<string>;
  remove(): void;
}

const COMPILER_OPTIONS = {
  noUnusedLocals: false,
  incremental: false,
  tsBuildInfoFile: null,
  isolatedDeclarations: false,
  declaration: false,
};

/** Writes and checks the programs. */
export function writePrograms(blocks: readonly CodeBlock[]): Programs {
  const folder = mkdtempSync(join(repository, 'e2e/.docs-'));
  const pathOf = ({ name }: CodeBlock): string => join(folder, `${name.replaceAll(/[/:.]/g, '-')}.ts`);
  for (const block of blocks) writeFileSync(pathOf(block), `${block.text}export {};\n`);
  const config = { extends: '../../tsconfig.json', compilerOptions: COMPILER_OPTIONS, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  return {
    typeErrors: typeErrorsIn(folder),
    run: async (block, env) => {
      const outfile = pathOf(block).replace(/ts$/, 'mjs');
      const entryPoints = [pathOf(block)];
      await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', external: ['ws'] });
      const options = { env: { ...process.env, ...env }, timeout: 10_000 };
      return (await promisify(execFile)(process.execPath, [outfile], options)).stdout;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function typeErrorsIn(folder: string): string {
  try {
    execFileSync(join(repository, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

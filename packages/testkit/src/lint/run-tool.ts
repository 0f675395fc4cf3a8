import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The repository's root folder. */
export const repositoryRoot: string = resolve(import.meta.dirname, '../../../..');

/** What a program printed, and its exit code. */
export interface ToolResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a workspace tool (a name in node_modules/.bin) or `node` to its end in `cwd`. */
export function runTool(program: string, args: readonly string[], cwd: string): ToolResult {
  const bin = join(repositoryRoot, 'node_modules/.bin');
  const path = program === 'node' ? process.execPath : join(bin, program);
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const { status, stdout, error } = spawnSync(path, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) throw error;
  return { code: status ?? 1, output: stdout };
}

/** Writes files (path → text) into a new folder outside the repository, lets `use` look at it, and removes it. */
export function withTree<T>(files: Readonly<Record<string, string>>, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-tree-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { repositoryRoot, runTool } from '../lint/run-tool.ts';
import type { ToolResult } from '../lint/run-tool.ts';
import { loadScript } from './load-script.ts';

/** A copy of this repository with dependencies and a history of its own, in which defects are planted. */
export interface RepositoryCopy {
  /** Replaces the one place where `before` stands. Throws where it stands nowhere or more often: a plant must not miss. */
  replace(path: string, before: string, after: string): void;
  write(path: string, text: string): void;
  /** Removes every file for which this holds, so that a stage runs nothing but what is planted. */
  removeFiles(isUnwanted: (path: string) => boolean): void;
  /** Commits all that was changed. */
  commit(message: string): void;
  /** Runs `npm run check` with these stages; `output` is what both streams said, one after the other. */
  check(...stages: readonly string[]): ToolResult;
  /** Renders the cases of the chart anew, so that what was planted in it is what they expect. */
  renderChart(): void;
  /** Undoes all that was planted, commits included. */
  restore(): void;
  /** Removes the copy. */
  dispose(): void;
}

type ListFiles = (folder: string, isWanted: (path: string) => boolean) => readonly string[];

/** Copies the working tree as it is, commits it as release `v0.0.1`, and installs its dependencies. Takes some seconds. */
export async function copyRepository(): Promise<RepositoryCopy> {
  const { listFiles } = await loadScript<{ readonly listFiles: ListFiles }>('hash-files.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'arqon-gates-'));
  for (const path of listFiles(repositoryRoot, () => true)) {
    const target = join(folder, relative(repositoryRoot, path));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target);
  }
  const git = (...args: readonly string[]): void => {
    const settings = ['user.name=Test', 'user.email=test@example.org', 'init.defaultBranch=main'];
    execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], { cwd: folder, stdio: 'pipe' });
  };
  const commit = (message: string): void => {
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '-m', message);
  };
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  git('init', '--quiet');
  commit('as it is');
  git('tag', 'v0.0.1');
  const installed = runTool('node', ['scripts/ensure-installed.mjs'], folder);
  if (installed.code !== 0) throw new Error(`the copy could not be installed: ${installed.output}`);
  return {
    write,
    commit,
    replace: (path, before, after) => {
      const parts = readFileSync(join(folder, path), 'utf8').split(before);
      if (parts.length !== 2) throw new Error(`${path} has ${parts.length - 1} places to plant at: ${before}`);
      write(path, parts.join(after));
    },
    removeFiles: (isUnwanted) => {
      for (const path of listFiles(folder, (file) => isUnwanted(relative(folder, file)))) rmSync(path);
    },
    check: (...stages) => check(folder, stages),
    renderChart: () => {
      const { code, output } = runTool('node', ['scripts/chart.mjs'], folder);
      if (code !== 0) throw new Error(`the chart of the copy could not be rendered: ${output}`);
    },
    restore: () => {
      git('reset', '--quiet', '--hard', 'v0.0.1');
      git('clean', '--quiet', '--force', '-d');
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function check(folder: string, stages: readonly string[]): ToolResult {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
  const args = ['scripts/check.mjs', ...stages];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  return { code: status ?? 1, output: `${stdout}${stderr}` };
}

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { isMain, root } from './root.mjs';
import { run } from './run.mjs';

/** Stands for the release before this one while there is no tag. */
const BEFORE_THE_FIRST = join(root, 'compatibility/previous-release.json');

/**
 * The folder of the release before this one, built from the history of git, once per user: the newest tag `v*` that is not what stands here, or, before
 * there are two, the commit that compatibility/ names. Throws where the history is not there.
 */
export async function ensurePreviousRelease() {
  const commit = await previousCommit();
  const folder = join(cacheFolder(), 'releases', commit);
  if (existsSync(join(folder, 'services/shield/dist/shield.mjs'))) return folder;
  process.stderr.write(`Building the previous release, ${commit.slice(0, 7)} (once)...\n`);
  mkdirSync(join(folder, '..'), { recursive: true });
  const building = mkdtempSync(join(folder, '../building-'));
  try {
    await must('bash', ['-o', 'pipefail', '-c', 'git archive "$1" | tar -x -C "$2"', 'unpack', commit, building]);
    await must('npm', ['run', '--silent', 'build'], building);
    // At once, so that two runs do not meet.
    renameSync(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return folder;
}

async function previousCommit() {
  const list = await must('git', ['tag', '--list', 'v*', '--sort=-v:refname', '--merged', 'HEAD~1']);
  const [newest = ''] = list.split('\n');
  const { commit: fallback } = JSON.parse(readFileSync(BEFORE_THE_FIRST, 'utf8'));
  const name = newest === '' ? fallback : newest;
  return (await must('git', ['rev-parse', '--verify', `${name}^{commit}`])).trim();
}

async function must(program, args, cwd = root) {
  const { code, output } = await run(program, args, { output: 'capture', cwd });
  if (code !== 0) throw new Error(`The previous release cannot be had (it needs the whole history): ${output}`);
  return output;
}

// `node scripts/previous-release.mjs` prints where it is.
if (isMain(import.meta.url)) process.stdout.write(`${await ensurePreviousRelease()}\n`);

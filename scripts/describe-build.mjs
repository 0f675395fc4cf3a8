import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';
import { run } from './run.mjs';

/** The name of the file beside a program that says what it was built of. */
const NAME = 'build.json';

/**
 * Writes into each of these folders which commit its program was built of, and when that was made, for `/version`. The time is that of the
 * commit, as the same sources give the same bytes. Images are built where there is no git: REVISION and REVISION_DATE say it there.
 */
export async function describeBuild(folders) {
  const description = fromEnvironment() ?? (await fromGit());
  for (const folder of folders) {
    const path = join(folder, NAME);
    const known = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    // What is not known here may have been known where dist was built.
    if (description === undefined && known !== undefined) continue;
    const text = `${JSON.stringify(description ?? { git_commit: '', build_date: '' })}\n`;
    // Somebody may be reading it.
    if (text !== known) writeFileSync(path, text);
  }
}

function fromEnvironment() {
  const { REVISION = '', REVISION_DATE = '' } = process.env;
  return REVISION === '' ? undefined : { git_commit: REVISION, build_date: REVISION_DATE };
}

async function fromGit() {
  const { code, output } = await run('git', ['log', '-1', '--format=%H %cI'], { output: 'capture', cwd: root }).catch(
    () => ({ code: 1, output: '' }),
  );
  const [commit, date] = output.trim().split(' ');
  return code === 0 && date !== undefined
    ? { git_commit: commit, build_date: new Date(date).toISOString() }
    : undefined;
}

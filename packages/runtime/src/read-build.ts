import { existsSync, readFileSync } from 'node:fs';

/** What a program was built of, for `/version`; empty words for a run from sources. */
export interface Build {
  readonly gitCommit: string;
  /** RFC 3339, of the commit: the same sources give the same bytes. */
  readonly buildDate: string;
}

/** Reads what the build left beside the program. `file` is for tests. */
export function readBuild(file: URL = new URL('build.json', import.meta.url)): Build {
  if (!existsSync(file)) return { gitCommit: '', buildDate: '' };
  const { git_commit: gitCommit, build_date: buildDate } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly git_commit: string;
    readonly build_date: string;
  };
  return { gitCommit, buildDate };
}

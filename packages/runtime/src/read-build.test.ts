import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { readBuild } from './read-build.ts';

test('[DPL-1] a program knows the commit that it was built of, and one that runs from its sources says nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-build-'));
  const file = join(folder, 'build.json');
  writeFileSync(file, '{"git_commit":"4084929","build_date":"2026-03-14T09:26:53.000Z"}\n');
  const expected = { gitCommit: '4084929', buildDate: '2026-03-14T09:26:53.000Z' };
  expect(readBuild(pathToFileURL(file))).toEqual(expected);
  rmSync(folder, { recursive: true });
  expect(readBuild(pathToFileURL(file))).toEqual({ gitCommit: '', buildDate: '' });
  expect(readBuild()).toEqual({ gitCommit: '', buildDate: '' });
});

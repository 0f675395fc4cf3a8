import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../lint/run-tool.ts';

// What the images do with the build arguments UWEBSOCKETS_URL and UWEBSOCKETS_SHA256. The authors' own archive is reached by no test of ours; one
// of its shape takes its place.
const SCRIPT = join(repositoryRoot, 'scripts/images/fetch-native-sockets.mjs');
const BINARY = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;

let folder: string;
let archive: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arqon-native-'));
  const release = join(folder, 'uWebSockets.js-20.52.0');
  mkdirSync(release);
  writeFileSync(join(release, 'package.json'), '{"name": "uWebSockets.js", "version": "20.52.0"}');
  for (const name of ['uws.js', 'LICENSE', BINARY, 'uws_win32_x64_137.node']) writeFileSync(join(release, name), name);
  archive = join(folder, 'release.tar.gz');
  spawnSync('tar', ['-czf', archive, '-C', folder, 'uWebSockets.js-20.52.0']);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function install(env: Readonly<Record<string, string>>): { readonly code: number | null; readonly said: string } {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, join(folder, 'out')], {
    env: { PATH: process.env['PATH'], ...env },
  });
  return { code: status, said: stderr.toString() };
}

const installed = (): string => join(folder, 'out/node_modules/uWebSockets.js');
const sha256 = (): string => createHash('sha256').update(readFileSync(archive)).digest('hex');

describe('[DPL-1] native sockets in an image', () => {
  it('are not there unless they are asked for', () => {
    expect(install({})).toEqual({ code: 0, said: '' });
    expect(readdirSync(join(folder, 'out'))).toEqual([]);
  });

  it('are installed of an archive with the right checksum: what is needed, and the binary of this platform alone', () => {
    expect(install({ UWEBSOCKETS_URL: archive, UWEBSOCKETS_SHA256: sha256() })).toEqual({ code: 0, said: '' });
    expect(readdirSync(installed()).toSorted()).toEqual(['LICENSE', BINARY, 'package.json', 'uws.js'].toSorted());
    expect(readFileSync(join(installed(), BINARY), 'utf8')).toBe(BINARY);
  });

  it.each([
    ['another checksum', 'f'.repeat(64), /has the SHA-256 [0-9a-f]{64}, not f{64}/],
    ['no checksum', '', /used with UWEBSOCKETS_SHA256 alone/],
    ['half of one', 'abc', /used with UWEBSOCKETS_SHA256 alone/],
  ])('with %s end the build', (_what, checksum, words) => {
    const { code, said } = install({ UWEBSOCKETS_URL: archive, UWEBSOCKETS_SHA256: checksum });
    expect(said).toMatch(words);
    expect([code, existsSync(installed())]).toEqual([1, false]);
  });
});

import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../../../../scripts/ensure-newest-nats.mjs');

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('ensure-newest-nats', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arqonbus-go-'));
    mkdirSync(join(folder, 'bin'));
    symlinkSync(process.execPath, join(folder, 'bin/node'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Puts a program named `go` on the path that `run` uses. */
  const pretendGo = (text: string): void => {
    const path = join(folder, 'bin/go');
    writeFileSync(path, `#!/bin/sh\n/bin/echo "$*" >> ${folder}/calls\n${text}\n`);
    chmodSync(path, 0o755);
  };
  const calls = (): readonly string[] =>
    existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];
  const run = (more: NodeJS.ProcessEnv = {}): Promise<Outcome> => {
    const env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache'), ...more };
    return new Promise((done) => {
      const child = execFile(process.execPath, [script], { env }, (_error, out, err) => {
        done({ code: child.exitCode ?? -1, out, err });
      });
    });
  };

  const sound = '/bin/echo program > $GOBIN/nats-server; /bin/chmod 755 $GOBIN/nats-server';

  it('[QLT-2] builds it once, and names it', async () => {
    pretendGo(sound);
    const first = await run();
    expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/^NATS_SERVER_NEWEST_PATH=.*\/nats-server\n$/) });
    expect(readFileSync(first.out.trim().split('=')[1] ?? '', 'utf8')).toBe('program\n');
    expect(await run()).toEqual({ code: 0, out: first.out, err: '' });
    expect(calls()).toEqual([expect.stringMatching(/^install github\.com\/nats-io\/nats-server\/v2@v2\.\d+\.\d+$/)]);
  });

  it('[QLT-2] lets two runs build at once', async () => {
    // Neither goes on before both have begun.
    pretendGo(`${sound}\nuntil [ "$(/usr/bin/wc -l < ${folder}/calls)" -ge 2 ]; do :; done`);
    const [first, second] = await Promise.all([run(), run()]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(first.out).toBe(second.out);
    expect(calls()).toHaveLength(2);
  });

  it('[QLT-2] fails with the output where Go is there and cannot build it, and leaves nothing behind', async () => {
    pretendGo('/bin/echo no route to the module >&2; exit 1');
    const { code, out, err } = await run();
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('no route to the module');
    pretendGo(sound);
    expect((await run()).code).toBe(0);
  });

  it('[QLT-2] says in one line that there is no Go, and goes on', async () => {
    expect(await run()).toEqual({ code: 0, out: '', err: expect.stringMatching(/^No Go here: .+\n$/) });
  });

  it('[QLT-2] takes a server that is named, and refuses a name of nothing', async () => {
    expect(await run({ NATS_SERVER_NEWEST_PATH: process.execPath })).toMatchObject({
      code: 0,
      out: `NATS_SERVER_NEWEST_PATH=${process.execPath}\n`,
    });
    expect(await run({ NATS_SERVER_NEWEST_PATH: '/nowhere' })).toMatchObject({ code: 1, out: '' });
  });
});

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTlsFiles } from '@arqonbus/config';
import type { TlsPair } from '@arqonbus/config';
import { createLogger } from '@arqonbus/telemetry';
import { createTestCertificate, waitUntil } from '@arqonbus/testkit';
import type { TestCertificate } from '@arqonbus/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { watchCertificate } from './certificate-watch.ts';
import type { CertificateWatch } from './certificate-watch.ts';

const NEVER_MS = 3_600_000;
let certificates: readonly TestCertificate[] = [];
let folder = '';
let lines: string[] = [];
let renewed: string[] = [];
let watch: CertificateWatch | undefined;

beforeAll(() => {
  certificates = [1, 2, 3].map(createTestCertificate);
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arqon-watch-'));
  [lines, renewed] = [[], []];
});

afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true });
});

/** Writes a pair as Kubernetes does: files in a folder of their own, and a symlink that is turned in one step. */
function mountSecret(version: number, { cert, key }: TestCertificate): void {
  const data = join(folder, `..version_${version}`);
  mkdirSync(data);
  writeFileSync(join(data, 'tls.crt'), cert);
  writeFileSync(join(data, 'tls.key'), key);
  symlinkSync(data, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  if (version === 1) {
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name));
  }
}

function start(times: { settleMs: number; pollMs: number }, refuse = false): void {
  const reading = readTlsFiles(join(folder, 'tls.crt'), join(folder, 'tls.key'), Date.now());
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  const renew = ({ serialNumber }: TlsPair): void => {
    if (refuse) throw new Error('the engine refuses the certificate');
    renewed.push(serialNumber);
  };
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  watch = watchCertificate({ pair: reading.pair, renew, logger, now: Date.now, ...times });
}

function certificate(i: number): TestCertificate {
  return certificates[i - 1] as TestCertificate;
}

describe('the watch over the certificate', () => {
  it('[AUT-6] sees a Kubernetes secret that is renewed by turning a symlink', async () => {
    mountSecret(1, certificate(1));
    start({ settleMs: 20, pollMs: NEVER_MS });
    mountSecret(2, certificate(2));
    await waitUntil(() => renewed.length === 1, { what: 'the renewed certificate' });
    mountSecret(3, certificate(3));
    await waitUntil(() => renewed.length === 2, { what: 'the next certificate' });
    expect([renewed, watch?.current().serialNumber]).toEqual([['02', '03'], '03']);
  });

  it('[AUT-6] sees files that are written in place, certificate first', async () => {
    mountSecret(1, certificate(1));
    start({ settleMs: 20, pollMs: NEVER_MS });
    writeFileSync(join(folder, 'tls.crt'), certificate(2).cert);
    writeFileSync(join(folder, 'tls.key'), certificate(2).key);
    // Nothing tells of what a symlink leads to, so a plain file in the folder stands for the next change in it.
    writeFileSync(join(folder, 'note'), '');
    await waitUntil(() => renewed.length > 0, { what: 'the renewed certificate' });
    expect(renewed).toEqual(['02']);
  });

  it('[AUT-6] reads from time to time where the system tells nothing', async () => {
    mountSecret(1, certificate(1));
    start({ settleMs: NEVER_MS, pollMs: 20 });
    mountSecret(2, certificate(2));
    await waitUntil(() => renewed.length > 0, { what: 'the renewed certificate' });
    expect(renewed).toEqual(['02']);
  });

  it('[AUT-6] keeps the pair in use where the new one is broken, and says so once', async () => {
    mountSecret(1, certificate(1));
    start({ settleMs: NEVER_MS, pollMs: 10 });
    mountSecret(2, { cert: certificate(2).cert, key: certificate(3).key });
    await waitUntil(() => lines.length > 0, { what: 'a line in the log' });
    mountSecret(3, certificate(3));
    await waitUntil(() => renewed.length > 0, { what: 'the good certificate' });
    expect(renewed).toEqual(['03']);
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual([
      'certificate_refused',
      'certificate_renewed',
    ]);
    expect(lines[0]).toContain('does not fit');
    expect(lines.join('')).not.toContain('PRIVATE KEY');
  });

  it('[AUT-6] keeps the pair in use where the engine refuses the new one', async () => {
    mountSecret(1, certificate(1));
    start({ settleMs: NEVER_MS, pollMs: 10 }, true);
    mountSecret(2, certificate(2));
    await waitUntil(() => lines.length > 0, { what: 'a line in the log' });
    expect([renewed, watch?.current().serialNumber]).toEqual([[], '01']);
    expect(lines[0]).toContain('the engine refuses');
  });
});

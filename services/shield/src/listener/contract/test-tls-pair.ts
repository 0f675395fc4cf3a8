import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTlsFiles } from '@arqonbus/config';
import type { TlsPair } from '@arqonbus/config';
import { createTestCertificate } from '@arqonbus/testkit';

const folder = mkdtempSync(join(tmpdir(), 'arqon-listener-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** For tests: a pair of files with a new certificate of this serial number (1 to 127), read. */
export function createTestTlsPair(serial: number): TlsPair {
  const [certFile, keyFile] = [join(folder, `${serial}.crt`), join(folder, `${serial}.key`)];
  const { cert, key } = createTestCertificate(serial);
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  const reading = readTlsFiles(certFile, keyFile, Date.now());
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.pair;
}

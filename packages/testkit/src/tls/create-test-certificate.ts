import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A self-signed certificate for `localhost` and 127.0.0.1 that is good for two days, and its key, as PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate with this serial number (1 to 127), by which tests tell one from another. Needs `openssl`. */
export function createTestCertificate(serial: number): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-certificate-'));
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  try {
    execFileSync(
      process.env['OPENSSL_PATH'] ?? 'openssl',
      [...REQUEST, '-set_serial', `${serial}`, '-out', certFile, '-keyout', keyFile],
      {
        stdio: 'pipe',
      },
    );
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const REQUEST = [
  'req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256',
  '-subj /CN=bus.example.org -addext subjectAltName=DNS:localhost,IP:127.0.0.1',
].flatMap((words) => words.split(' '));

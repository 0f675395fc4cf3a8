import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestCertificate } from './create-test-certificate.ts';

/** An authority of certificates for `localhost` and 127.0.0.1. */
export interface TestAuthority {
  /** Its own, as PEM: whoever trusts it trusts all that it issues. */
  readonly cert: string;
  /** Makes a certificate that is good from now until then, ms since the Unix epoch. */
  issue(expiresAtMs: number): TestCertificate;
  /** Removes its folder. */
  stop(): void;
}

const CONFIG = `[ca]
default_ca = drill
[drill]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = policy
unique_subject = no
x509_extensions = extensions
[policy]
commonName = supplied
[extensions]
subjectAltName = DNS:localhost,IP:127.0.0.1
`;
const NEW_KEY = '-nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256';

/** Makes one. Needs `openssl`. */
export function createTestAuthority(): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'arqon-authority-'));
  const openssl = (...words: readonly string[]): void => {
    const args = words.flatMap((part) => part.split(' '));
    execFileSync(process.env['OPENSSL_PATH'] ?? 'openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  writeFileSync(join(folder, 'ca.conf'), CONFIG);
  writeFileSync(join(folder, 'index.txt'), '');
  openssl('req -x509 -days 30', NEW_KEY, '-subj /CN=authority -keyout ca.key -out ca.crt');
  return {
    cert: read('ca.crt'),
    issue(expiresAtMs) {
      const span = `-startdate ${asn1Time(Date.now())} -enddate ${asn1Time(expiresAtMs)}`;
      openssl('req -new', NEW_KEY, '-subj /CN=bus.example.org -keyout tls.key -out tls.csr');
      openssl(
        'ca -batch -notext -create_serial -config ca.conf -cert ca.crt -keyfile ca.key -in tls.csr -out tls.crt',
        span,
      );
      return { cert: read('tls.crt'), key: read('tls.key') };
    },
    stop: () => rmSync(folder, { recursive: true }),
  };
}

/** `20261126170000Z` */
function asn1Time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+|[-:T]/gu, '');
}

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestAuthority } from '@arqonbus/testkit';
import type { TestAuthority, TestCertificate } from '@arqonbus/testkit';
import type { Drill } from './drill.ts';

const DAY_MS = 86_400_000;
/** What is left when the alert fires. */
const SOON_S = 2 * 86_400;
/** What is left when it is put in place: longer than Shields take to read it, shorter than a drill lasts. */
const LEFT_MS = 3_000;
const EXPIRY = 'arqonbus_tls_certificate_expiry_timestamp_seconds';

/** Nobody renews the certificate of the Shields in time: it runs out while people work, and is renewed then. */
export function certificateRunsOut(): Drill {
  let authority: TestAuthority | undefined;
  let folder = '';
  const install = (leftMs: number): void => {
    if (authority !== undefined) putInPlace(folder, authority.issue(Date.now() + leftMs));
  };
  return {
    name: 'certificate',
    alert: 'ArqonbusCertificateAboutToExpire',
    prepare: async () => {
      folder = mkdtempSync(join(tmpdir(), 'arqonbus-certificates-'));
      authority = createTestAuthority();
      install(90 * DAY_MS);
      const { cert, stop } = authority;
      return {
        env: {
          ARQONBUS_SERVER_TLS_CERT_FILE: join(folder, 'tls.crt'),
          ARQONBUS_SERVER_TLS_KEY_FILE: join(folder, 'tls.key'),
        },
        ca: cert,
        stop: async () => {
          stop();
          rmSync(folder, { recursive: true });
        },
      };
    },
    harm: async () => {
      install(LEFT_MS);
      return async () => install(90 * DAY_MS);
    },
    isShown: async (bus) => (await bus.gauges(EXPIRY)).some((expiry) => expiry - Date.now() / 1_000 < SOON_S),
  };
}

/** The key first, and each at once, as whatever renews certificates does. */
function putInPlace(folder: string, { cert, key }: TestCertificate): void {
  for (const [name, text] of [
    ['tls.key', key],
    ['tls.crt', cert],
  ] as const) {
    const path = join(folder, name);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

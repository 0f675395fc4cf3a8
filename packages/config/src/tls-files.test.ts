import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestCertificate } from '@arqonbus/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from './parse-config.ts';
import { preflight } from './preflight.ts';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'arqon-tls-'));
const file = (name: string): string => join(folder, name);

/** What preflight says of these files, with the clock at `nowMs`. */
function objections(cert: string, key: string, nowMs = Date.now(), more = {}): readonly string[] {
  const env = {
    ...more,
    ARQONBUS_AUTH_JWT_SECRET: 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j',
    ARQONBUS_SERVER_HOST: '0.0.0.0',
    ARQONBUS_SERVER_TLS_CERT_FILE: cert === '' ? '' : file(cert),
    ARQONBUS_SERVER_TLS_KEY_FILE: key === '' ? '' : file(key),
  };
  const result = parseConfig({ env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return preflight(result.config, 'production', nowMs).map(({ key, problem }) => `${key} ${problem}`);
}

beforeAll(() => {
  for (const [i, name] of ['a', 'b'].entries()) {
    const { cert, key } = createTestCertificate(i + 1);
    writeFileSync(file(`${name}.crt`), cert);
    writeFileSync(file(`${name}.key`), key);
  }
  writeFileSync(file('garbage'), 'not PEM');
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the certificate of the Shield', () => {
  it('[AUT-6, CFG-4] ends TLS, so that other machines may connect', () => {
    expect(objections('a.crt', 'a.key')).toEqual([]);
    expect(objections('', '')).toEqual(['server.host is reachable from other machines without TLS']);
  });

  it.each([
    ['a.crt', '', 'server.tls_key_file is missing beside server.tls_cert_file'],
    ['', 'a.key', 'server.tls_cert_file is missing beside server.tls_key_file'],
    ['none', 'a.key', 'server.tls_cert_file names a file that cannot be read'],
    ['a.crt', 'none', 'server.tls_key_file names a file that cannot be read'],
    ['a.crt', 'garbage', 'server.tls_key_file holds no private key in PEM without a passphrase'],
    ['garbage', 'a.key', 'server.tls_cert_file holds no certificate in PEM'],
    ['a.key', 'a.key', 'server.tls_cert_file holds no certificate in PEM'],
    ['a.crt', 'b.key', 'server.tls_key_file does not fit the certificate of server.tls_cert_file'],
  ])('[CFG-4] refuses the certificate %j with the key %j', (cert, key, objection) => {
    expect(objections(cert, key)).toContain(objection);
  });

  it('[CFG-4] refuses a certificate that has expired, or is not valid yet', () => {
    expect(objections('a.crt', 'a.key', Date.now() + 3 * DAY_MS)[0]).toMatch(/^server.tls_cert_file has expired on 20/);
    expect(objections('a.crt', 'a.key', Date.now() - DAY_MS)).toEqual(['server.tls_cert_file is not valid yet']);
  });

  it('[CFG-4] refuses a certificate of the authority of NATS that cannot be read', () => {
    const problem = 'nats.ca_file names a file that holds no certificate in PEM, or cannot be read';
    for (const [name, expected] of [
      ['a.crt', []],
      ['none', [problem]],
      ['garbage', [problem]],
    ] as const) {
      expect(objections('a.crt', 'a.key', Date.now(), { ARQONBUS_NATS_CA_FILE: file(name) })).toEqual(expected);
    }
  });

  it('[CFG-4] refuses a chain whose second certificate cannot be read', () => {
    const { cert } = createTestCertificate(3);
    writeFileSync(file('chain.crt'), cert + cert.replace(/.{20}\n-----END/, '\n-----END'));
    writeFileSync(file('chain.key'), createTestCertificate(4).key);
    expect(objections('chain.crt', 'chain.key')).toEqual(['server.tls_cert_file holds no certificate in PEM']);
  });
});

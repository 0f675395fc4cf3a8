import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Problem } from './problem.ts';

/** A certificate chain and its private key, and what must be known of them. */
export interface TlsPair {
  readonly certFile: string;
  readonly keyFile: string;
  /** The bytes of the files, PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Of the server's own certificate, in hexadecimal. */
  readonly serialNumber: string;
  /** When the first certificate of the chain expires, ms since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** The pair, or why it cannot be used. */
export type TlsReading =
  | { readonly ok: true; readonly pair: TlsPair }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const CERT = 'server.tls_cert_file';
const KEY = 'server.tls_key_file';

/** Reads the certificate and key that the Shield ends TLS with, and refuses what no client could use (AUT-6, CFG-4). */
export function readTlsFiles(certFile: string, keyFile: string, nowMs: number): TlsReading {
  const [cert, key] = [readBytes(certFile), readBytes(keyFile)];
  const problems: Problem[] = [];
  if (cert === undefined) problems.push({ key: CERT, problem: 'names a file that cannot be read' });
  if (key === undefined) problems.push({ key: KEY, problem: 'names a file that cannot be read' });
  return cert === undefined || key === undefined
    ? { ok: false, problems }
    : checkPair({ certFile, keyFile, cert, key }, nowMs);
}

function readBytes(path: string): Buffer | undefined {
  return attempt(() => readFileSync(path));
}

function checkPair(files: Pick<TlsPair, 'certFile' | 'keyFile' | 'cert' | 'key'>, nowMs: number): TlsReading {
  const { cert, key } = files;
  const chain = chainOf(cert);
  const [own] = chain;
  const privateKey = attempt(() => createPrivateKey(key));
  if (own === undefined) return failed(CERT, 'holds no certificate in PEM');
  if (privateKey === undefined) return failed(KEY, 'holds no private key in PEM without a passphrase');
  if (!own.checkPrivateKey(privateKey)) return failed(KEY, 'does not fit the certificate of server.tls_cert_file');
  const expiresAtMs = Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
  if (expiresAtMs <= nowMs) return failed(CERT, `has expired on ${new Date(expiresAtMs).toISOString()}`);
  if (chain.some(({ validFrom }) => Date.parse(validFrom) > nowMs)) return failed(CERT, 'is not valid yet');
  // The last word is the engine's: it refuses keys that are too weak, for example.
  const isUsable = attempt(() => createSecureContext({ cert, key })) !== undefined;
  if (!isUsable) return failed(CERT, 'is refused by the TLS library');
  return { ok: true, pair: { ...files, serialNumber: own.serialNumber, expiresAtMs } };
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a file, the server's own first; none where one of them is malformed. */
function chainOf(cert: Buffer): readonly X509Certificate[] {
  return (
    attempt(() => (cert.toString('latin1').match(PEM_CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem))) ?? []
  );
}

function failed(key: string, problem: string): TlsReading {
  return { ok: false, problems: [{ key, problem }] };
}

/** The reasons of these calls may quote paths and contents; that they fail says enough. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

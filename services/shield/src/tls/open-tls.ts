import { problemText, readTlsFiles } from '@arqonbus/config';
import type { TlsPair } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import type { Listener } from '../listener/listener.ts';
import type { ShieldOptions } from '../shield-options.ts';
import { addCertificateGauge, watchCertificate } from '@arqonbus/runtime';
import type { CertificateWatch } from '@arqonbus/runtime';

/** The pair that the listeners start with, or undefined where they do not end TLS. Throws `UNAVAILABLE` for a bad one. */
export function readTls({ tlsCertFile, tlsKeyFile, clock }: ShieldOptions): TlsPair | undefined {
  if (tlsCertFile === '') return undefined;
  const reading = readTlsFiles(tlsCertFile, tlsKeyFile, clock.now());
  if (reading.ok) return reading.pair;
  throw new BusError('UNAVAILABLE', reading.problems.map(problemText).join('; '));
}

/** Keeps the certificate of the listeners fresh, and tells when it expires (AUT-6). */
export function followTls(
  pair: TlsPair,
  listeners: readonly Pick<Listener<unknown>, 'renewTls'>[],
  { logger, metrics, clock }: ShieldOptions,
): CertificateWatch {
  const certificate = watchCertificate({
    pair,
    logger,
    now: () => clock.now(),
    renew: (renewed) => {
      for (const listener of listeners) listener.renewTls(renewed);
    },
  });
  addCertificateGauge(metrics, 'shield', certificate);
  return certificate;
}

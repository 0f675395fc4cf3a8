import type { Metrics } from '@arqonbus/telemetry';
import type { CertificateWatch } from './certificate-watch.ts';

/** What ends TLS: the ports of a Shield, and the two of a Bridge. */
export type TlsListener = 'shield' | 'bridge' | 'grpc';

/** Shows when the certificate that a listener serves expires (AUT-6, TEL-2). */
export function addCertificateGauge(
  metrics: Metrics,
  listener: TlsListener,
  certificate: { current(): Pick<ReturnType<CertificateWatch['current']>, 'expiresAtMs'> },
): void {
  metrics.gauge(
    'arqonbus_tls_certificate_expiry_timestamp_seconds',
    'When the certificate in use expires, seconds since the Unix epoch; only where the process ends TLS.',
    () => certificate.current().expiresAtMs / 1_000,
    { listener },
  );
}

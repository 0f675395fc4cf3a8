import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { problemText, readTlsFiles } from '@arqonbus/config';
import type { TlsPair } from '@arqonbus/config';
import type { Logger } from '@arqonbus/telemetry';

/** What a watch looks at and whom it tells. */
export interface CertificateWatchOptions {
  /** The pair in use. */
  readonly pair: TlsPair;
  /** Takes a renewed pair into use; may throw, the old one stays then. */
  readonly renew: (pair: TlsPair) => void;
  readonly logger: Logger;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  /** How long files must have been quiet before they are read. Default 250 ms: both are written one after the other. */
  readonly settleMs?: number;
  /** How often the files are read whatever the system tells of them. Default 30 s. */
  readonly pollMs?: number;
}

/** Looks after the certificate in use (AUT-6). */
export interface CertificateWatch {
  /** The pair in use. */
  current(): TlsPair;
  stop(): void;
}

/**
 * Reads certificate and key again when their folders change, and from time to time, since some file systems tell
 * nothing. Folders, because Kubernetes renews a secret by turning a symlink beside the files. A pair that cannot be used
 * is logged once and the one in use stays.
 */
export function watchCertificate(options: CertificateWatchOptions): CertificateWatch {
  const { pair, logger, settleMs = 250, pollMs = 30_000 } = options;
  let current = pair;
  let refused = '';
  const look = (): void => {
    const renewed = readRenewed(current, options);
    if (typeof renewed === 'string') {
      if (renewed !== refused) logger.error({ event: 'certificate_refused', reason: renewed }, KEPT);
      refused = renewed;
      return;
    }
    refused = '';
    if (renewed === current) return;
    current = renewed;
    const { serialNumber, expiresAtMs } = renewed;
    const expires = new Date(expiresAtMs).toISOString();
    logger.info(
      { event: 'certificate_renewed', serial: serialNumber, expires },
      'new connections get a new certificate',
    );
  };
  const polling = setInterval(look, pollMs).unref();
  let settle: NodeJS.Timeout | undefined;
  const onChange = (): void => {
    clearTimeout(settle);
    settle = setTimeout(look, settleMs).unref();
  };
  const watchers = watchFolders(pair, onChange, logger);
  return {
    current: () => current,
    stop: () => {
      clearTimeout(settle);
      clearInterval(polling);
      for (const watcher of watchers) watcher.close();
    },
  };
}

const KEPT = 'a renewed certificate cannot be used; the old one stays';

/** The pair in use where nothing changed, the renewed one where it was taken, else what is wrong with it. */
function readRenewed(current: TlsPair, { renew, now }: CertificateWatchOptions): TlsPair | string {
  const reading = readTlsFiles(current.certFile, current.keyFile, now());
  if (!reading.ok) return reading.problems.map(problemText).join('; ');
  const { pair } = reading;
  if (pair.cert.equals(current.cert) && pair.key.equals(current.key)) return current;
  try {
    renew(pair);
    return pair;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function watchFolders({ certFile, keyFile }: TlsPair, onChange: () => void, logger: Logger): readonly FSWatcher[] {
  const folders = new Set([dirname(certFile), dirname(keyFile)]);
  return [...folders].flatMap((folder) => {
    try {
      const watcher = watch(folder, { persistent: false }, onChange);
      return [watcher.on('error', (err) => logger.warn({ event: 'certificate_unwatched', err }, UNWATCHED))];
    } catch (err) {
      logger.warn({ event: 'certificate_unwatched', err }, UNWATCHED);
      return [];
    }
  });
}

const UNWATCHED = 'the folder of the certificate cannot be watched; it is read from time to time';

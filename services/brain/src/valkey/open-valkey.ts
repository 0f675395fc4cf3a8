import { readFileSync } from 'node:fs';
import type { Config } from '@arqonbus/config';
import { addValkeyGauges, createValkeyLink, createValkeyMetrics } from '@arqonbus/storage';
import type { ValkeyAddress, ValkeyLink } from '@arqonbus/storage';
import type { Logger, Metrics } from '@arqonbus/telemetry';

/** The one connection of a Brain to Valkey. */
export interface OpenValkey {
  readonly link: ValkeyLink;
  /** False = what lies there is refused, and all else goes on. */
  isUsable(): boolean;
  close(): Promise<void>;
}

/** Five in a row without an answer, and a Brain that nobody asks knows as well as one that all do. */
const PROBE_EVERY_MS = 1_000;

/**
 * Begins to connect to Valkey where the configuration keeps the log there, or names one to go before Postgres (STO-1) or for
 * the Omega lane (OMG-1); undefined = none of them. A Valkey that is away holds nobody up: a Brain starts without it (ARC-5).
 */
export function openValkey(
  config: Config,
  { metrics, logger }: { readonly metrics: Metrics; readonly logger: Logger },
): OpenValkey | undefined {
  const isUseful = config.storage.backend === 'postgres' || config.omega.enabled;
  if (config.log.backend !== 'valkey' && !(isUseful && config.valkey.url.length > 0)) return undefined;
  const outages = createOutageLog(logger);
  const link = createValkeyLink({
    ...valkeyAddress(config.valkey),
    timeoutMs: config.valkey.timeoutMs,
    observer: createValkeyMetrics(metrics),
    onError: (error) => outages.onError(error),
  });
  link.onConnected(() => outages.onConnected());
  addValkeyGauges(metrics, link);
  const stopProbe = startProbe(link);
  return {
    link,
    isUsable: () => link.isUsable(),
    close: () => {
      stopProbe();
      return link.close();
    },
  };
}

/** Where Valkey is, as the configuration says. Throws where the file of its authority cannot be read. */
export function valkeyAddress({ url, cluster, user, password, caFile }: Config['valkey']): ValkeyAddress {
  return { urls: url, isCluster: cluster, user, password, ca: caFile === '' ? '' : readFileSync(caFile, 'utf8') };
}

/** Notices a connection that is dead though nobody calls, and shows how long an answer takes. */
function startProbe(link: ValkeyLink): () => void {
  // Its failure is counted, and seen by who calls.
  const timer = setInterval(() => void link.ping().catch(() => undefined), PROBE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

interface OutageLog {
  onError(error: Error): void;
  onConnected(): void;
}

/** Every try to reconnect fails with the same error: it is logged once. */
function createOutageLog(logger: Logger): OutageLog {
  let last = '';
  return {
    onError: (error) => {
      if (error.message === last) return;
      last = error.message;
      logger.warn({ event: 'valkey_failed', err: error }, 'Valkey cannot be used');
    },
    onConnected: () => {
      last = '';
      logger.info({ event: 'valkey_connected' }, 'Valkey can be used');
    },
  };
}

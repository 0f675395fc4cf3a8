import { readFileSync } from 'node:fs';
import type { Config } from '@arqonbus/config';
import type { ProfileOf } from '@arqonbus/spine';
import {
  addValkeyGauges,
  createValkeyLink,
  createValkeyLogStore,
  createValkeyMetrics,
  readEviction,
} from '@arqonbus/storage';
import type { ValkeyAddress, ValkeyLink } from '@arqonbus/storage';
import type { Logger, Metrics } from '@arqonbus/telemetry';
import type { DeliverEntry } from './appender.ts';
import type { KeptLogOptions } from './index.ts';

/** The log that a Brain keeps in Valkey, and the connection to it. */
export interface OpenKeptLog {
  /** For `createBrain`. */
  readonly keptLog: KeptLogOptions;
  /** False = channels that keep a log can be neither published on nor read, and all else goes on. */
  isUsable(): boolean;
  close(): Promise<void>;
}

/** What keeping a log needs from around it. */
export interface KeptLogSurroundings {
  readonly profileOf: ProfileOf;
  readonly deliver: DeliverEntry;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Five in a row without an answer, and a Brain that nobody asks knows as well as one that all do. */
const PROBE_EVERY_MS = 1_000;

/**
 * Begins to connect to Valkey where the configuration keeps the log there; undefined = it does not. A Valkey that is away
 * holds nobody up: a Brain starts without it (ARC-5).
 */
export function openKeptLog(config: Config, parts: KeptLogSurroundings): OpenKeptLog | undefined {
  if (config.log.backend !== 'valkey') return undefined;
  const outages = createOutageLog(parts.logger);
  const link = createValkeyLink({
    ...valkeyAddress(config.valkey),
    timeoutMs: config.valkey.timeoutMs,
    observer: createValkeyMetrics(parts.metrics),
    onError: (error) => outages.onError(error),
  });
  link.onConnected(() => {
    outages.onConnected();
    void warnOfEviction(link, parts.logger);
  });
  addValkeyGauges(parts.metrics, link);
  const stopProbe = startProbe(link);
  return {
    keptLog: {
      store: createValkeyLogStore(link),
      profileOf: parts.profileOf,
      deliver: parts.deliver,
      onStoreConnected: (listener) => link.onConnected(listener),
    },
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

/** A Valkey that makes room by itself takes acknowledged messages for it (LOG-6). */
async function warnOfEviction(link: ValkeyLink, logger: Logger): Promise<void> {
  try {
    const policy = await readEviction(link);
    if (policy !== 'noeviction') logger.warn({ event: 'valkey_evicts', policy }, 'a full Valkey would forget messages');
  } catch {
    // Gone again; it is asked once it is back.
  }
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

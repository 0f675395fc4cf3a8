import type { Clock } from '@arqonbus/protocol';
import { noLogEraser, noLogStreams } from '@arqonbus/spine';
import type { KeyValueStore, LogEraser, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { ArchiveModule } from '../archive/compose-archive.ts';
import type { Audit } from '../audit/audit.ts';
import type { KeptLogOptions } from '../history/index.ts';
import { createKeptLogEraser } from '../history/kept-log-eraser.ts';
import type { KeptStreams } from '../log/log-keeper.ts';
import { beginErasing, endErasing } from '../log/stream-erasing.ts';
import { createErasureRecords } from './erasure-records.ts';
import { Erasures } from './erasures.ts';
import type { ErasureMetrics } from './erasures.ts';
import { serveErasures } from './index.ts';

/** What erasing needs from around it. */
export interface ComposeErasuresOptions {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly archive: ArchiveModule;
  readonly logEraser?: LogEraser;
  readonly keptLog?: KeptLogOptions | undefined;
  readonly keptStreams?: KeptStreams;
  readonly erasureMetrics?: ErasureMetrics;
  readonly nextErasureId: () => string;
  readonly logger?: { error(fields: Readonly<Record<string, unknown>>, text: string): void };
}

/** The erasures of one Brain. */
export interface ErasureModule extends SpineSubscription {
  /** Whether this Brain is the one that erases from now on; it alone is asked to. */
  own(isOwner: boolean): void;
  tick(): Promise<void>;
  pending(): number;
}

/** Puts the erasure module together. */
export function composeErasures(options: ComposeErasuresOptions, observer: RpcObserver): ErasureModule {
  const { spine, keyValue, clock, audit, archive, logger, keptLog, logEraser = noLogEraser } = options;
  const bucket = keyValue.bucket('ARQON_LOG');
  const told = { bucket, streams: options.keptStreams?.streams ?? noLogStreams, nowMs: () => clock.now() };
  const erasures = new Erasures({
    eraser: keptLog === undefined ? logEraser : createKeptLogEraser(keptLog.store),
    archive: archive.store,
    archiveNow: () => archive.tick(),
    beginErasing: (erasing) => beginErasing(told, erasing),
    endErasing: (erasing) => endErasing(told, erasing),
    records: createErasureRecords(bucket),
    audit,
    nextId: options.nextErasureId,
    metrics: options.erasureMetrics,
    onError: (error) =>
      logger?.error({ event: 'not_erased', err: error }, 'an erasure cannot be done now; it is tried again'),
  });
  let served: SpineSubscription | undefined;
  const stop = (): void => {
    served?.unsubscribe();
    served = undefined;
  };
  return {
    own: (isOwner) => {
      erasures.own(isOwner);
      if (isOwner) served ??= serveErasures(spine, erasures, observer);
      else stop();
    },
    tick: () => erasures.tick(),
    pending: () => erasures.pending(),
    unsubscribe: stop,
  };
}

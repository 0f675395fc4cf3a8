import type { Clock } from '@arqonbus/protocol';
import { noLogFeed } from '@arqonbus/spine';
import type { LogFeed, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { createMemoryArchiveStore } from '@arqonbus/storage';
import type { ArchiveStore } from '@arqonbus/storage';
import { Archiver } from './archiver.ts';
import type { ArchiveLag, ArchiveMetrics } from './archiver.ts';
import { serveArchive } from './index.ts';

/** What archiving needs from around it. */
export interface ComposeArchiveOptions {
  readonly spine: Spine;
  readonly clock: Clock;
  readonly feed?: LogFeed;
  readonly archive?: ArchiveStore;
  readonly archiveDays?: () => number;
  readonly archiveMetrics?: ArchiveMetrics;
  readonly logger?: { error(fields: Readonly<Record<string, unknown>>, text: string): void };
}

/** The archive of one Brain. */
export interface ArchiveModule {
  readonly store: ArchiveStore;
  readonly served: readonly SpineSubscription[];
  /** Whether this Brain is the one that copies from now on. */
  own(isOwner: boolean): void;
  tick(): Promise<void>;
  figures(): ArchiveLag;
}

/** Puts the archive module together. */
export function composeArchive(
  {
    spine,
    clock,
    feed = noLogFeed,
    archive: store = createMemoryArchiveStore(),
    archiveDays: retentionDays = () => 0,
    archiveMetrics: metrics,
    logger,
  }: ComposeArchiveOptions,
  observer: RpcObserver,
): ArchiveModule {
  const archiver = new Archiver({
    feed,
    store,
    retentionDays,
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    metrics,
    onError: (error) =>
      logger?.error({ event: 'not_archived', err: error }, 'the log cannot be archived now; it is tried again'),
  });
  return {
    store,
    served: serveArchive(spine, store, observer),
    own: (isOwner) => archiver.own(isOwner),
    tick: () => archiver.tick(),
    figures: () => archiver.lag(),
  };
}

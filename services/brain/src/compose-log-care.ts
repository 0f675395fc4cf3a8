import { LOG_PARTITION } from '@arqonbus/spine';
import type { KeyValueStore, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { composeArchive } from './archive/compose-archive.ts';
import type { ArchiveModule, ComposeArchiveOptions } from './archive/compose-archive.ts';
import { composeErasures } from './erasures/compose-erasures.ts';
import type { ComposeErasuresOptions, ErasureModule } from './erasures/compose-erasures.ts';
import { composeLogKeeper } from './log/compose-log-keeper.ts';
import type { LogKeeperParts } from './log/compose-log-keeper.ts';
import { serveLog } from './log/index.ts';

/** What looking after the log needs from around it. */
export interface LogCareOptions
  extends LogKeeperParts, ComposeArchiveOptions, Omit<ComposeErasuresOptions, 'archive' | 'logger'> {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly nextGeneration: () => string;
  readonly logger?: NonNullable<ComposeArchiveOptions['logger']> & NonNullable<LogKeeperParts['logger']>;
}

/** Looks after the log for all: its streams, its archive, and what is erased from both. */
export interface LogCare {
  readonly served: readonly SpineSubscription[];
  readonly archive: ArchiveModule;
  readonly erasures: ErasureModule;
  /** The partitions of this Brain from now on: with one of them comes the care of the log. */
  own(partitions: ReadonlySet<number>): void;
  /** Makes the streams of the layout, where this Brain is the one to do it. Rejects with `UNAVAILABLE`. */
  lay(): Promise<void>;
  /** One after the other would let one that is held up hold up all. */
  tick(): readonly Promise<void>[];
}

/** Puts together what belongs to who owns the partition of the log. */
export function composeLogCare(options: LogCareOptions, observer: RpcObserver): LogCare {
  const keeper = composeLogKeeper(options, options.nextGeneration);
  const archive = composeArchive(options, observer);
  const erasures = composeErasures({ ...options, archive }, observer);
  return {
    archive,
    erasures,
    served: [...serveLog(options.spine, keeper, observer), ...archive.served, erasures],
    own: (partitions) => {
      const isOwner = partitions.has(LOG_PARTITION);
      keeper.own(options.keptStreams !== undefined && isOwner);
      archive.own(isOwner);
      erasures.own(isOwner);
    },
    lay: () => keeper.tick(),
    tick: () => [keeper.tick(), archive.tick(), erasures.tick()],
  };
}

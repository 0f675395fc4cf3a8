import type { ArchiveLag } from './archive/archiver.ts';
import type { ArchiveModule } from './archive/compose-archive.ts';
import type { AuditModule } from './audit/compose-audit.ts';
import type { ErasureModule } from './erasures/compose-erasures.ts';
import type { ChannelRegistry } from './channels/channel-registry.ts';
import type { Partitions } from './partitions/partitions.ts';
import type { SeenShields } from './partitions/seen-shields.ts';
import type { RequestObserver } from './request-observer.ts';

/** Plain figures for the metrics. */
export interface BrainFigures extends ArchiveLag {
  readonly malformedRequests: number;
  readonly failedRequests: number;
  readonly ignoredMembershipChanges: number;
  readonly malformedChannels: number;
  /** Partitions that this Brain serves. */
  readonly partitions: number;
  /** Connections of the tenants of these partitions, and members of channels in their rooms. */
  readonly connections: number;
  readonly memberships: number;
  /** Channels that tenants have made, in all partitions. */
  readonly channels: number;
  /** Shields that have reported lately. */
  readonly shields: number;
  /** Operators of the tenants of these partitions, their tasks that wait, and all that have not ended. */
  readonly operators: number;
  readonly tasksWaiting: number;
  readonly tasksOpen: number;
  /** Audit chains of these partitions that were cut or rewritten. */
  readonly brokenAuditChains: number;
  /** Audit chains that have grown beyond their copy. */
  readonly uncopiedAuditChains: number;
  /** Erasures under way. */
  readonly pendingErasures: number;
}

/** What figures are read from. */
export interface FigureSources {
  readonly observer: RequestObserver;
  readonly partitions: Partitions;
  readonly registry: ChannelRegistry;
  readonly shields: SeenShields;
  readonly auditing: AuditModule;
  readonly archive: ArchiveModule;
  readonly erasures: ErasureModule;
}

/** All figures as they are now. */
export function figuresOf(sources: FigureSources): BrainFigures {
  const { observer, partitions, registry, shields, auditing, archive, erasures } = sources;
  return {
    ...observer.figures(),
    ...partitions.figures(),
    ...archive.figures(),
    malformedChannels: registry.malformedEntries(),
    channels: registry.size(),
    shields: shields.count(),
    brokenAuditChains: auditing.brokenChains(),
    uncopiedAuditChains: auditing.uncopiedChains(),
    pendingErasures: erasures.pending(),
  };
}

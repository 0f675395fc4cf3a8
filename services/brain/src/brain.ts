import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { KeyValueStore, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { BanStore } from './bans/ban-store.ts';
import { serveBans } from './bans/index.ts';
import { createBootstrapRecords } from './channels/bootstrap-rooms.ts';
import type { BootstrapRoom } from './channels/bootstrap-rooms.ts';
import { ChannelRegistry } from './channels/channel-registry.ts';
import { EmptyChannels } from './channels/empty-channels.ts';
import { serveChannels } from './channels/index.ts';
import { serveMembership } from './membership/index.ts';
import { MembershipReports } from './membership/membership-reports.ts';
import { MembershipState } from './membership/membership-state.ts';

/** Where the Brain writes what went wrong; a pino logger fits. */
export interface BrainLogger {
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** What a Brain is made of. */
export interface BrainOptions {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  /** Ms since the Unix epoch. */
  readonly now: () => number;
  readonly bootstrapRooms: readonly BootstrapRoom[];
  readonly logger?: BrainLogger;
  /** Channels of a tenant beside the bootstrap ones. Default: the shipped limit. */
  readonly channelsPerTenant?: number;
  /** Where pages end (PRT-22). Default: the shipped limit. */
  readonly pageBytes?: number;
  /** Runs `sweep` from time to time, until the returned function is called. Default: every second. */
  readonly startTimer?: (run: () => void) => () => void;
}

/** Plain figures for the metrics. */
export interface BrainFigures {
  readonly malformedRequests: number;
  readonly failedRequests: number;
  readonly ignoredMembershipChanges: number;
  readonly malformedChannels: number;
}

/** A running Brain. */
export interface Brain {
  /** Ends what is over: leases of silent Shields, empty channels, past bans. A timer calls it too. */
  sweep(): Promise<void>;
  figures(): BrainFigures;
  /** Answers nothing from now on. */
  close(): Promise<void>;
}

/**
 * Starts the control modules: channel registry, membership and bans. Resolves once the registry is known and every
 * method is served. All three live in one process: deleting a channel, counting and disconnecting read membership.
 */
export async function createBrain(options: BrainOptions): Promise<Brain> {
  const { spine, keyValue, now, logger } = options;
  const pageBytes = options.pageBytes ?? DEFAULT_LIMITS.pageBytes;
  const onError = (error: unknown): void =>
    logger?.error({ event: 'upkeep_failed', err: error }, 'upkeep of the Brain failed');
  const state: MembershipState = new MembershipState({
    onOccupied: (address) => emptyChannels.onOccupied(address),
    onEmptied: (address) => emptyChannels.onEmptied(address),
  });
  const registry: ChannelRegistry = new ChannelRegistry({
    bucket: keyValue.bucket('ARQON_CHANNELS'),
    bootstrap: createBootstrapRecords(options.bootstrapRooms),
    maxPerTenant: options.channelsPerTenant ?? DEFAULT_LIMITS.channelsPerTenant,
    listener: {
      onAdded: (address, record) => emptyChannels.onAdded(address, record),
      onRemoved: (address) => emptyChannels.onRemoved(address),
    },
  });
  const emptyChannels = new EmptyChannels({ registry, state, now, onError });
  const reports = new MembershipReports(state, now);
  const bans = new BanStore(keyValue.bucket('ARQON_BANS'), now);
  const observer = createObserver(logger);

  await registry.open();
  const countChannels = registry.countOf.bind(registry);
  const served = [
    ...serveChannels(spine, { registry, state, emptyChannels, now, pageBytes }, observer),
    ...serveMembership(spine, { state, reports, countChannels, pageBytes }, observer),
    ...serveBans({ spine, bans, state, now, pageBytes }, observer),
  ];
  const sweep = createSweep({ reports, emptyChannels, bans });
  const stopTimer = (options.startTimer ?? everySecond)(() => void sweep().catch(onError));
  return {
    sweep,
    figures: () => ({
      ...observer.figures(),
      ignoredMembershipChanges: reports.ignoredChanges(),
      malformedChannels: registry.malformedEntries(),
    }),
    async close() {
      stopTimer();
      endAll(served);
      registry.close();
    },
  };
}

interface Swept {
  readonly reports: MembershipReports;
  readonly emptyChannels: EmptyChannels;
  readonly bans: BanStore;
}

/** One sweep at a time: who asks during one waits for it. */
function createSweep({ reports, emptyChannels, bans }: Swept): () => Promise<void> {
  let running: Promise<void> | undefined;
  const sweep = async (): Promise<void> => {
    reports.sweep();
    await emptyChannels.sweep();
    await bans.sweep();
  };
  return () => {
    running ??= sweep().finally(() => {
      running = undefined;
    });
    return running;
  };
}

function createObserver(logger: BrainLogger | undefined): RpcObserver & {
  figures(): Pick<BrainFigures, 'malformedRequests' | 'failedRequests'>;
} {
  let malformedRequests = 0;
  let failedRequests = 0;
  return {
    onMalformed(subject) {
      malformedRequests++;
      logger?.warn({ event: 'malformed_request', subject }, 'a request could not be read');
    },
    onFailure(subject, error) {
      failedRequests++;
      logger?.error({ event: 'request_failed', subject, err: error }, 'a request failed');
    },
    figures: () => ({ malformedRequests, failedRequests }),
  };
}

function everySecond(run: () => void): () => void {
  const timer = setInterval(run, 1_000);
  timer.unref();
  return () => clearInterval(timer);
}

function endAll(subscriptions: readonly SpineSubscription[]): void {
  for (const subscription of subscriptions) subscription.unsubscribe();
}

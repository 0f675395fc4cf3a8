import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { KeyValueStore, RpcObserver, Spine } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';
import { serveBans, sweepBans } from './bans/index.ts';
import { createBootstrapChannels } from './channels/bootstrap-channels.ts';
import type { BootstrapRooms } from './channels/bootstrap-channels.ts';
import { createChannelIndex } from './channels/channel-index.ts';
import { createChannelRegistry } from './channels/channel-registry.ts';
import { createEmptyChannelSweep } from './channels/empty-channels.ts';
import { countChannels, serveChannels } from './channels/index.ts';
import { serveMembership } from './membership/index.ts';
import { MembershipReports } from './membership/membership-reports.ts';
import { MembershipState } from './membership/membership-state.ts';

/** A running Brain. */
export interface Brain {
  /** Does what is due: expired leases, empty channels, bans that are over. A timer calls it; tests may. */
  sweep(): Promise<void>;
  /** Serves nothing more. */
  close(): Promise<void>;
}

/** What a Brain is made from. It owns none of these. */
export interface BrainOptions {
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly logger: Logger;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly bootstrapRooms: BootstrapRooms;
  readonly channelsPerTenant: number;
}

const SWEEP_EVERY_MS = 2_000;

/** Starts the control modules: channels, membership, bans. Resolves when they answer. */
export async function createBrain(options: BrainOptions): Promise<Brain> {
  const { spine, keyValue, logger, now } = options;
  const observer = createObserver(logger);
  const channelBucket = keyValue.bucket('ARQON_CHANNELS');
  const banBucket = keyValue.bucket('ARQON_BANS');
  const members = new MembershipState({ onOccupied: () => undefined, onEmptied: () => undefined });
  const reports = new MembershipReports(members, now);
  const index = createChannelIndex(channelBucket, (key) => logger.warn({ event: 'malformed_record', key }, 'a channel record cannot be read'));
  await index.ready;
  const registry = createChannelRegistry({
    bucket: channelBucket,
    index,
    bootstrap: createBootstrapChannels(options.bootstrapRooms),
    members,
    channelsPerTenant: options.channelsPerTenant,
  });
  const { pageBytes } = DEFAULT_LIMITS;
  const served = [
    ...serveChannels(spine, { registry, members, pageBytes }, observer),
    ...serveMembership(spine, { state: members, reports, pageBytes, countChannels: (tenant) => countChannels(registry, tenant) }, observer),
    ...serveBans(spine, { bucket: banBucket, members, now, pageBytes }, observer),
  ];
  const sweepEmpty = createEmptyChannelSweep(channelBucket, index, members, now);
  const sweep = async (): Promise<void> => {
    reports.sweep();
    await sweepEmpty();
    await sweepBans(banBucket, now);
  };
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => logger.error({ event: 'sweep_failed', err: error }, 'a sweep of the Brain failed'));
  }, SWEEP_EVERY_MS);
  return {
    sweep,
    close: async () => {
      clearInterval(timer);
      index.stop();
      for (const subscription of served) subscription.unsubscribe();
    },
  };
}

function createObserver(logger: Logger): RpcObserver {
  return {
    onMalformed: (subject) => logger.warn({ event: 'malformed_request', subject }, 'a request could not be read'),
    onFailure: (subject, error) => logger.error({ event: 'request_failed', subject, err: error }, 'a request failed'),
  };
}

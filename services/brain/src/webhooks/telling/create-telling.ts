import { randomUUID } from 'node:crypto';
import { formatTime } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import type { HooksInForce, WebhookEmitter } from '@arqonbus/runtime';
import { roomPartition } from '@arqonbus/spine';
import type { ChannelAddress, KeyValue } from '@arqonbus/spine';
import type { ToldChange } from '../../presence/told-change.ts';
import { memberIn } from '../../membership/membership-state.ts';
import type { ChannelTelling, Occupancy } from './channel-telling.ts';
import { LifecycleEvents } from './lifecycle-events.ts';
import { OccupiedMarks } from './occupied-marks.ts';
import { presenceEvents } from './presence-events.ts';

/** What telling of channels needs from around it. */
export interface TellingOptions {
  readonly emitter: WebhookEmitter;
  readonly hooks: Pick<HooksInForce, 'tenantsWaitingFor'>;
  /** `ARQON_OCCUPIED`. */
  readonly bucket: KeyValue;
  readonly clock: Clock;
  /** In channels with more members only their number is told (PRS-3). */
  readonly maxListed: number;
  readonly onError: (error: unknown) => void;
}

/** {@link ChannelTelling}, and what its Brain does with it. */
export interface BrainTelling {
  readonly telling: ChannelTelling;
  /** The partitions that this Brain owns from now on; of others it tells nothing. */
  own(partitions: ReadonlySet<number>): void;
  /** Resolves once it is known which channels had members; what became known of channels before is no news. */
  open(): Promise<void>;
  stop(): void;
}

/** Tells webhooks of channels and their members, as their owner. */
export function createTelling({ emitter, hooks, bucket, clock, maxListed, onError }: TellingOptions): BrainTelling {
  let owned: ReadonlySet<number> = new Set();
  let isOpen = false;
  const owns = (partition: number): boolean => owned.has(partition);
  const isOurs = ({ tenant, room }: ChannelAddress): boolean => owns(roomPartition(tenant, room));
  const lifecycle = new LifecycleEvents({ emitter, clock, owns });
  const tenantsWaitingFor = hooks.tenantsWaitingFor.bind(hooks);
  const marks = new OccupiedMarks({ tenantsWaitingFor, bucket, emitter, clock, nextId: randomUUID, onError });
  const tellMembers = (address: ChannelAddress, change: ToldChange, isReset: boolean): void => {
    const { tenant, room, channel } = address;
    // Of a room, each of its channels is told.
    if (channel === '*' || !isOurs(address) || !emitter.isWanted(tenant, 'presence', room, channel)) return;
    const events = presenceEvents(address, change, { atMs: clock.now(), isReset });
    for (const event of events) emitter.emit(tenant, event);
  };
  const tellAll = (address: ChannelAddress, occupancy: Occupancy, tenure: string): void => {
    const members = occupancy.clientsIn(address.tenant, address.room, address.channel);
    const total = members.size;
    const countsOnly = total > maxListed;
    const joins = countsOnly ? [] : Array.from(members.keys(), (client) => memberIn(client, address));
    tellMembers(address, { joins, leaves: new Map(), updates: [], total, countsOnly, tenure, number: 0 }, true);
  };
  return {
    telling: {
      onCreated: (address, { createdAtMs, createdBy, autoCreated, description }, revision) => {
        const about = { created_at: formatTime(Number(createdAtMs)), created_by: createdBy };
        const more = { ...about, auto_created: autoCreated, description };
        if (isOpen) lifecycle.happened('channel_created', address, revision, more);
      },
      onDeleted: (address, revision) => {
        if (isOpen) lifecycle.happened('channel_deleted', address, revision, {});
      },
      onPresence: (address, change) => tellMembers(address, change, false),
      onOccupancy: (address, occupancy) => {
        if (isOurs(address)) marks.tend(address, occupancy);
      },
      onTakenOver: (partition, occupancy, tenure) => {
        const vacated = marks
          .marked(partition)
          .filter(({ tenant, room, channel }) => occupancy.clientsIn(tenant, room, channel).size === 0);
        const occupied = hooks.tenantsWaitingFor(['presence']).flatMap((tenant) => occupancy.channelsOf(tenant));
        for (const address of [...vacated, ...occupied]) tellAll(address, occupancy, tenure);
      },
      tend: (partition, occupancy) => {
        if (owns(partition)) marks.tendAll(partition, occupancy);
      },
    },
    own: (partitions) => {
      const news = [...partitions].filter((partition) => !owned.has(partition));
      owned = partitions;
      lifecycle.takeOver(news);
    },
    open: async () => {
      await marks.ready;
      isOpen = true;
    },
    stop: () => marks.stop(),
  };
}

import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import type { ChannelAddress } from '@arqonbus/spine';
import type { MembershipState } from '../../membership/membership-state.ts';
import type { ToldChange } from '../../presence/told-change.ts';

/** Who is where, in one partition. */
export type Occupancy = Pick<MembershipState, 'clientsIn' | 'channelsOf'>;

/**
 * Tells webhooks of channels and of who is in them (WHK-2), for the partitions that this Brain owns; what is told by nobody
 * because the owner died, the next one makes up for. Nothing here waits, and nothing throws.
 */
export interface ChannelTelling {
  /** A channel was made; `revision` is that of its record, and names what happened wherever it is heard of. */
  onCreated(address: ChannelAddress, record: ChannelRecord, revision: number): void;
  /** The record of this revision was deleted. */
  onDeleted(address: ChannelAddress, revision: number): void;
  /** Members came, went or changed. */
  onPresence(address: ChannelAddress, change: ToldChange): void;
  /** A channel got its first member, or lost its last. */
  onOccupancy(address: ChannelAddress, occupancy: Occupancy): void;
  /** The partition is known as it is, after another Brain may have owned it. `tenure` names this Brain's time. */
  onTakenOver(partition: number, occupancy: Occupancy, tenure: string): void;
  /** Makes up for what could not be written. Run every second. */
  tend(partition: number, occupancy: Occupancy): void;
}

const nothing = (): void => undefined;

/** For Brains that leave webhooks to others. */
export const NO_TELLING: ChannelTelling = {
  onCreated: nothing,
  onDeleted: nothing,
  onPresence: nothing,
  onOccupancy: nothing,
  onTakenOver: nothing,
  tend: nothing,
};

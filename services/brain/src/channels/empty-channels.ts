import { BusError } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import { ChannelRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import { addressKey } from '@arqonbus/spine';
import type { ChannelAddress } from '@arqonbus/spine';
import type { MembershipState } from '../membership/membership-state.ts';
import type { ChannelRegistry } from './channel-registry.ts';

/** How long a channel that a join made stays without members (PRS-5). */
export const EMPTY_CHANNEL_MS = 60_000;

/** What keeping channels and members in step needs. */
export interface EmptyChannelsParts {
  readonly registry: ChannelRegistry;
  readonly state: MembershipState;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps registry and membership in step where they race. A join becomes known here a moment after it happened at the
 * Shield, so a deletion may miss it. Two rules make that safe: a deletion looks again once the record is gone, and puts
 * it back when somebody has come; and whenever a channel without a record gets a member, or one with members loses its
 * record to another Brain (two may own a partition for a moment while it moves), a record is made, as if the join had
 * come after the deletion and created the channel. So a channel with members is never without one for long.
 */
export class EmptyChannels {
  readonly #parts: EmptyChannelsParts;
  /** Channels made by a join that have no members, and since when; oldest first. */
  readonly #emptySince = new Map<string, { readonly address: ChannelAddress; readonly sinceMs: number }>();
  /** Occupied channels whose record could not be written yet. */
  readonly #unrecorded = new Map<string, ChannelAddress>();
  /** Deletions of this Brain that are under way; they look themselves who has come. */
  readonly #removing = new Set<string>();

  constructor(parts: EmptyChannelsParts) {
    this.#parts = parts;
  }

  /** A record appeared. */
  onAdded(address: ChannelAddress, record: ChannelRecord): void {
    this.#unrecorded.delete(addressKey(address));
    if (record.autoCreated && this.#membersOf(address) === 0) this.#startWaiting(address);
  }

  /** A record went away. */
  onRemoved(address: ChannelAddress): void {
    const key = addressKey(address);
    this.#emptySince.delete(key);
    if (!this.#removing.has(key)) this.#keepRecorded(address);
  }

  /** The first member came. */
  onOccupied(address: ChannelAddress): void {
    this.#emptySince.delete(addressKey(address));
    this.#keepRecorded(address);
  }

  /** The last member went. */
  onEmptied(address: ChannelAddress): void {
    this.#unrecorded.delete(addressKey(address));
    const record = this.#parts.registry.find(address);
    if (record?.autoCreated === true) this.#startWaiting(address);
  }

  /** Deletes a channel that has no members; undefined when there is none. Throws `CHANNEL_NOT_EMPTY`. */
  async remove(address: ChannelAddress): Promise<ChannelRecord | undefined> {
    if (this.#membersOf(address) > 0) throw new BusError('CHANNEL_NOT_EMPTY');
    const key = addressKey(address);
    this.#removing.add(key);
    try {
      const record = await this.#parts.registry.remove(address);
      if (record === undefined || this.#membersOf(address) === 0) return record;
      await this.#parts.registry.restore(address, record);
    } finally {
      this.#removing.delete(key);
      this.#keepRecorded(address);
    }
    throw new BusError('CHANNEL_NOT_EMPTY');
  }

  /** Deletes what has been empty for long enough, and retries what could not be written. */
  async sweep(): Promise<void> {
    const endMs = this.#parts.clock.monotonicMs() - EMPTY_CHANNEL_MS;
    for (const { address, sinceMs } of this.#emptySince.values()) {
      if (sinceMs > endMs) break;
      await this.remove(address).catch(this.#parts.onError);
    }
    for (const address of this.#unrecorded.values()) await this.#record(address);
  }

  #keepRecorded(address: ChannelAddress): void {
    if (address.channel === '*' || this.#membersOf(address) === 0) return;
    if (this.#parts.registry.find(address) !== undefined) return;
    this.#unrecorded.set(addressKey(address), address);
    void this.#record(address);
  }

  async #record(address: ChannelAddress): Promise<void> {
    const { room, channel } = address;
    const createdAtMs = BigInt(this.#parts.clock.now());
    const record = create(ChannelRecordSchema, { room, channel, createdAtMs, autoCreated: true });
    try {
      await this.#parts.registry.restore(address, record);
      this.#unrecorded.delete(addressKey(address));
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  #startWaiting(address: ChannelAddress): void {
    const key = addressKey(address);
    this.#emptySince.delete(key);
    this.#emptySince.set(key, { address, sinceMs: this.#parts.clock.monotonicMs() });
  }

  #membersOf({ tenant, room, channel }: ChannelAddress): number {
    return this.#parts.state.clientsIn(tenant, room, channel).size;
  }
}

import type { Member, PresenceChange } from '@arqonbus/protocol/spine-messages';
import { PresenceChangeSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { addressKey, presenceOf } from '@arqonbus/spine';
import type { ChannelAddress, Spine } from '@arqonbus/spine';
import type { Client } from '../membership/members.ts';
import { memberIn } from '../membership/membership-state.ts';
import type { MembershipState } from '../membership/membership-state.ts';
import { PendingChange } from './pending-change.ts';
import type { ToldChange } from './told-change.ts';

/** What telling of members needs. */
export interface AnnouncerOptions {
  readonly spine: Spine;
  readonly state: MembershipState;
  readonly monotonicMs: () => number;
  /** Names this owner's time; no two are the same. */
  readonly tenure: string;
  /** In channels with more members only their number is told (PRS-3). */
  readonly maxListed: number;
  readonly onError: (error: unknown) => void;
  /** Told the same as Shields. */
  readonly onTold: (address: ChannelAddress, change: ToldChange) => void;
}

/** A channel of which something was told, or will be. */
interface Told {
  readonly address: ChannelAddress;
  pending: PendingChange;
  /** The last change that was told; 0 = none. */
  number: number;
  isCountsOnly: boolean;
  toldAtMs: number;
}

/** A channel is told of at most once in this time (PRS-4). */
export const BATCH_MS = 100;

/**
 * Tells Shields who came, went and changed in the channels of one partition (PRS-1, PRS-5), numbered, so that a Shield
 * notices what it missed and asks for the list. The first change of a quiet channel is told at once, what follows
 * together. Of a channel without members nothing is kept.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #channels = new Map<string, Told>();
  readonly #waiting = new Set<Told>();
  #number = 0;
  #isTelling = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Tells from now on. What is learnt before, when a partition is taken over, is news to nobody. */
  start(): void {
    this.#isTelling = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isTelling = false;
    this.#waiting.clear();
  }

  onJoined(address: ChannelAddress, client: Client): void {
    this.#note(address)?.joined(memberIn(client, address));
  }

  onLeft(address: ChannelAddress, { member }: Client): void {
    this.#note(address)?.left(member);
  }

  onUpdated(address: ChannelAddress, client: Client): void {
    this.#note(address)?.updated(memberIn(client, address));
  }

  /** Tells what is due, after a report was taken in; the rest waits for its time. */
  flush(): void {
    const dueMs = this.#options.monotonicMs() - BATCH_MS;
    for (const told of this.#waiting) if (told.toldAtMs <= dueMs) this.#tell(told);
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#onTimer(), BATCH_MS);
  }

  /** The last change of a channel, after what waits was told; 0 = none. */
  numberOf(address: ChannelAddress): number {
    const told = this.#channels.get(addressKey(address));
    if (told !== undefined && this.#waiting.has(told)) this.#tell(told);
    return told?.number ?? 0;
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.flush();
  }

  #note(address: ChannelAddress): PendingChange | undefined {
    if (!this.#isTelling) return undefined;
    const key = addressKey(address);
    let told = this.#channels.get(key);
    if (told === undefined) {
      const toldAtMs = Number.NEGATIVE_INFINITY;
      told = { address, pending: new PendingChange(), number: 0, isCountsOnly: false, toldAtMs };
      this.#channels.set(key, told);
    }
    this.#waiting.add(told);
    return told.pending;
  }

  #tell(told: Told): void {
    const { address, pending } = told;
    this.#waiting.delete(told);
    const { tenant, room, channel } = address;
    const total = this.#options.state.clientsIn(tenant, room, channel).size;
    if (total === 0) this.#channels.delete(addressKey(address));
    told.pending = new PendingChange();
    if (pending.isEmpty()) return;
    const countsOnly = total > this.#options.maxListed;
    // A Shield that knew numbers alone needs the list now: it asks for it when it has missed something.
    const prev = told.isCountsOnly && !countsOnly ? 0 : told.number;
    told.number = this.#number += 1;
    told.isCountsOnly = countsOnly;
    told.toldAtMs = this.#options.monotonicMs();
    const lists = countsOnly ? NO_LISTS : listsOf(pending);
    const { number } = told;
    const leaves = [...lists.leaves.keys()];
    this.#publish(address, { ...lists, leaves, total, countsOnly, number: BigInt(number), prevNumber: BigInt(prev) });
    this.#options.onTold(address, { ...lists, total, countsOnly, tenure: this.#options.tenure, number });
  }

  #publish({ tenant, room, channel }: ChannelAddress, change: Omit<PresenceChange, '$typeName' | 'tenure'>): void {
    const { spine, tenure, onError } = this.#options;
    try {
      const message = create(PresenceChangeSchema, { ...change, tenure });
      spine.publish(presenceOf(tenant, room, channel), toBinary(PresenceChangeSchema, message));
    } catch (error) {
      // Not connected: Shields ask for the list once they have missed a number.
      onError(error);
    }
  }
}

interface Lists {
  readonly joins: Member[];
  readonly leaves: ReadonlyMap<string, string>;
  readonly updates: Member[];
}

const NO_LISTS: Lists = { joins: [], leaves: new Map(), updates: [] };

function listsOf({ joins, leaves, updates }: PendingChange): Lists {
  return { joins: [...joins.values()], leaves, updates: [...updates.values()] };
}

import { roomPartition } from '@arqonbus/spine';
import type { ChannelAddress, SpineSubscription } from '@arqonbus/spine';
import type { MembershipTotals } from '../membership/membership-state.ts';
import { onTakenOver } from '../presence/index.ts';
import type { TaskFigures } from '../tasks/task-owner.ts';
import { Partition } from './partition.ts';
import type { PartitionParts } from './partition.ts';

/** Figures over all partitions of a Brain. */
export interface PartitionFigures extends MembershipTotals, TaskFigures {
  readonly partitions: number;
  readonly ignoredMembershipChanges: number;
}

/** The partitions that this Brain serves. */
export class Partitions {
  readonly #parts: PartitionParts;
  /** How long one that went to another Brain is still served if that does not tell that it serves it. */
  readonly #lingerMs: number;
  readonly #partitions = new Map<number, Partition>();
  readonly #leaving = new Map<number, NodeJS.Timeout>();
  readonly #takeOvers: SpineSubscription;
  #owned: ReadonlySet<number> = NONE;
  #onAllLeft: () => void = () => undefined;

  constructor(parts: PartitionParts, lingerMs: number) {
    this.#parts = parts;
    this.#lingerMs = lingerMs;
    this.#takeOvers = onTakenOver(parts.spine, (number) => this.#onTakenOver(number));
  }

  /** Takes over what is new among `owned`, and gives up the rest: later, unless the lease itself was lost. */
  own(owned: ReadonlySet<number>): void {
    this.#owned = owned;
    for (const number of owned) {
      clearTimeout(this.#leaving.get(number));
      this.#leaving.delete(number);
    }
    this.#takeOverMissing();
    for (const number of this.#partitions.keys()) {
      if (owned.has(number) || this.#leaving.has(number)) continue;
      // Without a lease reports may have been missed, and others are about to answer in our place.
      if (owned.size === 0 || this.#lingerMs === 0) this.#leave(number, owned.size === 0);
      else
        this.#leaving.set(
          number,
          setTimeout(() => this.#leave(number), this.#lingerMs),
        );
    }
  }

  /** The partition of a channel, where it is served here. */
  ofChannel({ tenant, room }: ChannelAddress): Partition | undefined {
    return this.#partitions.get(roomPartition(tenant, room));
  }

  /** Whether a partition is served here. */
  serves(number: number): boolean {
    return this.#partitions.has(number);
  }

  /** Reports may have been missed. */
  doubt(): void {
    for (const partition of this.#partitions.values()) partition.doubt();
  }

  /** Takes over, and serves, what it could not while the Spine was away. */
  catchUp(): void {
    this.#takeOverMissing();
    for (const partition of this.#partitions.values()) partition.catchUp();
  }

  async sweep(): Promise<void> {
    for (const partition of this.#partitions.values()) await partition.sweep();
  }

  /** Ends what is over of tasks, in all of them at once: one that waits for its store keeps no other waiting. */
  async tendTasks(): Promise<void> {
    await Promise.all(Array.from(this.#partitions.values(), (partition) => partition.tendTasks()));
  }

  /** What its partitions know of, together. */
  figures(): PartitionFigures {
    const sum = {
      connections: 0,
      memberships: 0,
      ignoredMembershipChanges: 0,
      operators: 0,
      tasksWaiting: 0,
      tasksOpen: 0,
    };
    for (const partition of this.#partitions.values()) {
      const { connections, memberships } = partition.totals();
      sum.connections += connections;
      sum.memberships += memberships;
      sum.ignoredMembershipChanges += partition.ignoredChanges();
      const tasks = partition.taskFigures();
      sum.operators += tasks.operators;
      sum.tasksWaiting += tasks.tasksWaiting;
      sum.tasksOpen += tasks.tasksOpen;
    }
    return { ...sum, partitions: this.#partitions.size };
  }

  /** Owns nothing from now on, and serves each until another Brain does; resolves when all are, or had their time. */
  async handOver(): Promise<void> {
    this.#owned = NONE;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#lingerMs);
      this.#onAllLeft = resolve;
      if (this.#partitions.size === 0) resolve();
    });
    clearTimeout(timer);
  }

  close(): void {
    this.#takeOvers.unsubscribe();
    for (const number of this.#partitions.keys()) this.#leave(number);
  }

  #takeOverMissing(): void {
    for (const number of this.#owned) if (!this.#partitions.has(number)) this.#takeOver(number);
  }

  #takeOver(number: number): void {
    try {
      this.#partitions.set(number, new Partition(number, this.#parts));
    } catch (error) {
      // The Spine was lost just now. It may be back before the lease is over, and nobody tells of that: `catchUp` looks.
      this.#parts.onError(error);
    }
  }

  /** Two that tell of the same members, each with numbers of its own, would contradict each other. */
  #onTakenOver(number: number): void {
    if (!this.#owned.has(number)) this.#leave(number);
  }

  #leave(number: number, isLost = false): void {
    clearTimeout(this.#leaving.get(number));
    this.#leaving.delete(number);
    this.#partitions.get(number)?.close(isLost);
    this.#partitions.delete(number);
    if (this.#partitions.size === 0) this.#onAllLeft();
  }
}

const NONE: ReadonlySet<number> = new Set();

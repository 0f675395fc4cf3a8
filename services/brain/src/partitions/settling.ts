import { SnapshotOrderSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { ctl } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { MembershipReports } from '../membership/membership-reports.ts';
import type { SeenShields } from './seen-shields.ts';

const ORDERS = ctl('membership');

/** What waiting for the Shields needs. */
export interface SettlingOptions {
  readonly partition: number;
  readonly spine: Spine;
  readonly reports: MembershipReports;
  readonly shields: SeenShields;
  /** The longest wait. 0 = none: nobody else can know anything, as in one process. */
  readonly settleMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * Makes a partition's answers true before they are given. Whoever takes a partition over, or was cut off from the Spine,
 * knows less than the Shields: it asks them all for snapshots, and holds its answers until they have come.
 */
export class Settling {
  readonly #options: SettlingOptions;
  #settled: Promise<void> = Promise.resolve();
  #resolve: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** Resolves when every Shield has been heard, or does not answer. */
  whenSettled(): Promise<void> {
    return this.#settled;
  }

  /** Doubts everything and asks for snapshots; while that is under way, does nothing more. `waitMs` is the longest wait. */
  restart(waitMs: number = this.#options.settleMs): void {
    const { reports, settleMs, spine, partition, onError } = this.#options;
    if (settleMs === 0 || this.#resolve !== undefined) return;
    reports.doubt();
    this.#settled = new Promise((resolve) => (this.#resolve = resolve));
    this.#timer = setTimeout(() => this.stop(), Math.min(waitMs, settleMs));
    try {
      spine.publish(ORDERS, toBinary(SnapshotOrderSchema, create(SnapshotOrderSchema, { partition })));
    } catch (error) {
      // Not connected: the reconnect begins anew.
      onError(error);
    }
  }

  /** A report came in. */
  onReport(): void {
    const { shields, reports } = this.#options;
    if (this.#resolve === undefined) return;
    const alive = shields.alive();
    if (alive?.every((node) => reports.isWhole(node)) === true) this.stop();
  }

  /** Holds nobody back any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#resolve?.();
    this.#resolve = undefined;
  }
}

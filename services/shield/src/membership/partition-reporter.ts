import { MembershipReportSchema, create } from '@arqonbus/protocol/spine-messages';
import type { MembershipChange, MembershipReport } from '@arqonbus/protocol/spine-messages';

/** What reporting one partition needs from around it. */
export interface PartitionReporterOptions {
  readonly node: string;
  /** When this process started: reports of an older one of the same name are stale. */
  readonly startedAtMs: number;
  readonly partition: number;
  /** Everything that this Shield has in the partition. */
  readonly snapshot: () => readonly MembershipChange[];
  /** Sends one report; true = its owner has missed some and wants a snapshot. Rejects when none can be reached. */
  readonly send: (report: MembershipReport) => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}

/** Changes in one report, so that it stays well below what the Spine takes (a member may be 2.5 KB). */
const PAGE = 500;

/**
 * Tells the owner of one partition who of this Shield is in it: numbered changes, and a snapshot when it asks or has
 * missed some (PRS-2). Changes of one turn travel together.
 */
export class PartitionReporter {
  readonly #options: PartitionReporterOptions;
  #changes: MembershipChange[] = [];
  #number = 0;
  #isSnapshotDue = true;
  #isScheduled = false;
  #isHeard = true;
  /** Ends with the last report under way. */
  #sent: Promise<void> = Promise.resolve();

  constructor(options: PartitionReporterOptions) {
    this.#options = options;
  }

  /** False while nobody takes the reports. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  add(change: MembershipChange): void {
    // The snapshot that is due will say it.
    if (this.#isSnapshotDue && this.#number > 0) return;
    this.#changes.push(change);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => (this.#isScheduled ? this.report() : undefined));
  }

  /** Sends what has changed, or a sign of life; run every 3 s besides. */
  report(): void {
    this.#sent = this.#send(false);
  }

  /** Sends a snapshot: the owner knows nothing of this Shield. */
  reportAll(): void {
    this.#isSnapshotDue = true;
    this.report();
  }

  /** Resolves when everything added so far has been taken in; at once where nobody takes anything in. */
  async told(): Promise<void> {
    if (!this.#isHeard) return;
    if (this.#isScheduled || this.#number === 0) this.report();
    await this.#sent;
  }

  async #send(isAnswer: boolean): Promise<void> {
    this.#isScheduled = false;
    const isSnapshot = this.#isSnapshotDue;
    const changes = isSnapshot ? this.#options.snapshot() : this.#changes;
    this.#changes = [];
    this.#isSnapshotDue = false;
    try {
      const wishes = await Promise.all(this.#pages(changes, isSnapshot).map((report) => this.#options.send(report)));
      this.#isHeard = true;
      if (!wishes.includes(true)) return;
      this.#isSnapshotDue = true;
      // A snapshot that was not enough is sent again with the next sign of life, not in a loop.
      if (!isAnswer && !isSnapshot) await this.#send(true);
    } catch (error) {
      // Nothing is kept for a Brain that is away: the snapshot says it all when it is back.
      this.#isHeard = false;
      this.#isSnapshotDue = true;
      this.#options.onError(error);
    }
  }

  #pages(changes: readonly MembershipChange[], snapshot: boolean): MembershipReport[] {
    const { node, startedAtMs, partition } = this.#options;
    const count = Math.max(1, Math.ceil(changes.length / PAGE));
    return Array.from({ length: count }, (_, page) =>
      create(MembershipReportSchema, {
        node,
        startedAtMs: BigInt(startedAtMs),
        partition,
        number: BigInt((this.#number += 1)),
        snapshot,
        changes: changes.slice(page * PAGE, (page + 1) * PAGE),
        page: snapshot ? page : 0,
        more: snapshot && page < count - 1,
      }),
    );
  }
}

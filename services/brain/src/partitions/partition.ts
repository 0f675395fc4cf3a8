import type { Clock, TenantId } from '@arqonbus/protocol';
import type { MembershipReport } from '@arqonbus/protocol/spine-messages';
import type { ChannelAddress, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { Audit } from '../audit/audit.ts';
import type { BanStore } from '../bans/ban-store.ts';
import { serveDisconnects } from '../bans/index.ts';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import { EmptyChannels } from '../channels/empty-channels.ts';
import { serveChannels } from '../channels/index.ts';
import { serveAppends } from '../history/index.ts';
import type { History } from '../history/index.ts';
import { createConnectionCaps } from '../limits/connection-caps.ts';
import { busyFrom, serveLimits } from '../limits/index.ts';
import type { ClusterLimits } from '../limits/index.ts';
import { TenantDemands } from '../limits/tenant-demands.ts';
import { serveMembership, serveReports } from '../membership/index.ts';
import { MembershipReports } from '../membership/membership-reports.ts';
import { MembershipState } from '../membership/membership-state.ts';
import type { MembershipListener, MembershipTotals } from '../membership/membership-state.ts';
import { Announcer } from '../presence/announcer.ts';
import { servePresence, tellTakenOver } from '../presence/index.ts';
import { serveResume } from '../resume/index.ts';
import { createReplacedOrders } from '../resume/replaced-orders.ts';
import type { ResumeStore } from '../resume/resume-store.ts';
import type { SilentShields } from '../resume/silent-shields.ts';
import { serveTasks } from '../tasks/index.ts';
import { TaskOwner } from '../tasks/task-owner.ts';
import type { TaskFigures } from '../tasks/task-owner.ts';
import type { TaskParts } from '../tasks/task-parts.ts';
import type { ChannelTelling } from '../webhooks/telling/channel-telling.ts';
import type { SeenShields } from './seen-shields.ts';
import { Settling } from './settling.ts';
import { whileOwned } from './while-owned.ts';

/** What all partitions of a Brain share. */
export interface PartitionParts {
  readonly spine: Spine;
  readonly registry: ChannelRegistry;
  readonly bans: BanStore;
  readonly resumes: ResumeStore;
  readonly silentShields: SilentShields;
  readonly shields: SeenShields;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly pageBytes: number;
  readonly limits: ClusterLimits;
  readonly settleMs: number;
  /** In channels with more members only their number is told (PRS-3). */
  readonly maxListed: number;
  /** Whether this Brain owns nothing any more, though it may not have noticed yet. */
  readonly isLeaseOver: () => boolean;
  /** A name for the time in which a partition is owned; never the same twice, in any Brain. */
  readonly nextTenure: () => string;
  readonly observer: RpcObserver;
  readonly onError: (error: unknown) => void;
  readonly history: Pick<History, 'log'>;
  readonly tasks: TaskParts;
  /** Tells webhooks of channels and members. */
  readonly telling: ChannelTelling;
}

/** How long who asks for somebody that nobody knows waits for the Shields, all of which answer within milliseconds. */
const LOOK_AGAIN_MS = 250;

/**
 * One part of the Brain's work where order matters: the channels and members of the rooms that hash to it, and the
 * connections of the tenants that do. It lives from the moment when this Brain takes it over until it is closed.
 */
export class Partition {
  readonly number: number;
  readonly emptyChannels: EmptyChannels;
  readonly #parts: Pick<PartitionParts, 'spine' | 'onError'>;
  readonly #state: MembershipState;
  readonly #reports: MembershipReports;
  readonly #settling: Settling;
  readonly #demands: TenantDemands;
  readonly #shields: SeenShields;
  readonly #served: SpineSubscription[];
  /**
   * Begins to serve what needs to know the members, or is known by one owner: until the Shields have told, the owner before
   * answers, where it is still there. Undefined = it is served.
   */
  #rest: (() => readonly SpineSubscription[]) | undefined;
  readonly #announcer: Announcer;
  readonly #tasks: TaskOwner;
  readonly #telling: ChannelTelling;
  #isClosed = false;
  #isLost = false;
  /** Every Shield has told what it has: before, a channel that looks empty may not be. */
  #isSettled = false;
  /** The owner before has been told that this one serves. */
  #isTold = false;

  /** Takes the partition over: serves it from now on, and answers once the Shields have told what they have in it. */
  constructor(number: number, parts: PartitionParts) {
    const { registry, clock, observer } = parts;
    const spine = whileOwned(parts.spine, () => !this.#isLost && !parts.isLeaseOver());
    this.number = number;
    this.#parts = parts;
    this.#shields = parts.shields;
    this.#telling = parts.telling;
    this.#state = new MembershipState(this.#listener(), busyFrom(parts.limits));
    const tenure = parts.nextTenure();
    this.#announcer = new Announcer({
      ...parts,
      state: this.#state,
      tenure,
      monotonicMs: () => clock.monotonicMs(),
      onTold: (address, change) => this.#telling.onPresence(address, change),
    });
    this.#reports = new MembershipReports(this.#state, () => clock.monotonicMs(), {
      onConnected: createConnectionCaps({ ...parts, state: this.#state }),
      onReplaced: createReplacedOrders(parts),
    });
    this.#demands = new TenantDemands(() => clock.monotonicMs());
    this.emptyChannels = new EmptyChannels({ ...parts, state: this.#state });
    this.#tasks = new TaskOwner(number, parts.tasks);
    this.#settling = new Settling({ ...parts, partition: number, reports: this.#reports });
    const shared = {
      ...parts,
      spine,
      partition: number,
      state: this.#state,
      demands: this.#demands,
      emptyChannels: this.emptyChannels,
      takeReport: (report: MembershipReport) => this.#take(report),
      countChannels: (tenant: TenantId) => registry.countOf(tenant),
      whenSettled: () => this.#settling.whenSettled(),
      lookAgain: () => this.#lookAgain(),
      announcer: this.#announcer,
      tenure,
    };
    this.#served = [
      ...serveReports(spine, shared, observer),
      ...serveLimits(shared, observer),
      ...serveResume(shared, observer),
      ...serveAppends(spine, parts.history.log, number, observer),
    ];
    this.doubt();
    this.#rest = () => [
      ...serveChannels(spine, shared, observer),
      ...serveMembership(spine, shared, observer),
      ...serveDisconnects(shared, observer),
      ...servePresence(shared, observer),
      ...serveTasks({ ...shared, ...parts.tasks, spine, owner: this.#tasks }, observer),
    ];
    if (parts.settleMs === 0) this.#serveRest();
    void this.#announceOnceSettled(tenure);
    for (const { address, record } of registry.channelsOfPartition(number)) this.emptyChannels.onAdded(address, record);
  }

  /** Reports may have been missed: asks the Shields for all of it again before anything is answered. */
  doubt(): void {
    this.#settling.restart();
  }

  /** Serves all once it is settled, and tells the owner before; where the Spine was lost just then, the next call does. */
  catchUp(): void {
    if (this.#isClosed || !this.#isSettled || this.#isTold) return;
    const { spine, onError } = this.#parts;
    try {
      this.#serveRest();
      tellTakenOver(spine, this.number);
      this.#isTold = true;
    } catch (error) {
      onError(error);
    }
  }

  /** Ends what is over. */
  async sweep(): Promise<void> {
    this.#reports.sweep();
    this.#announcer.flush();
    this.#demands.sweep();
    await this.#settling.whenSettled();
    if (this.#isSettled) this.#telling.tend(this.number, this.#state);
    await this.emptyChannels.sweep();
  }

  /** Ends what is over of tasks. */
  tendTasks(): Promise<void> {
    return this.#tasks.tick();
  }

  taskFigures(): TaskFigures {
    return this.#tasks.figures();
  }

  totals(): MembershipTotals {
    return this.#state.totals();
  }

  ignoredChanges(): number {
    return this.#reports.ignoredChanges();
  }

  /** Answers what has been asked, and nothing else; not even that where the partition was lost, and is at others already. */
  close(isLost: boolean): void {
    this.#isClosed = true;
    this.#isLost = isLost;
    this.#announcer.stop();
    this.#tasks.stop();
    this.#settling.stop();
    for (const subscription of this.#served) subscription.unsubscribe();
  }

  #take(report: MembershipReport): boolean {
    this.#shields.note(report.node);
    const isSnapshotWanted = this.#reports.take(report);
    this.#settling.onReport();
    this.#announcer.flush();
    return isSnapshotWanted;
  }

  #listener(): MembershipListener {
    return {
      onOccupied: (address) => this.#onOccupancy('onOccupied', address),
      onEmptied: (address) => this.#onOccupancy('onEmptied', address),
      onJoined: (address, client) => this.#announcer.onJoined(address, client),
      onLeft: (address, client) => this.#announcer.onLeft(address, client),
      onUpdated: (address, client) => this.#announcer.onUpdated(address, client),
    };
  }

  /** Shields that have lists of an owner before us ask for ours: who left meanwhile was told by nobody. */
  #onOccupancy(change: 'onOccupied' | 'onEmptied', address: ChannelAddress): void {
    this.emptyChannels[change](address);
    if (this.#isSettled && address.channel !== '*') this.#telling.onOccupancy(address, this.#state);
  }

  #serveRest(): void {
    if (this.#isClosed || this.#rest === undefined) return;
    this.#served.push(...this.#rest());
    this.#rest = undefined;
  }

  async #announceOnceSettled(tenure: string): Promise<void> {
    await this.#settling.whenSettled();
    if (this.#isClosed) return;
    this.#isSettled = true;
    this.#telling.onTakenOver(this.number, this.#state, tenure);
    this.#announcer.start();
    this.catchUp();
  }

  async #lookAgain(): Promise<void> {
    this.#settling.restart(LOOK_AGAIN_MS);
    await this.#settling.whenSettled();
  }
}

import { BusError } from '@arqonbus/protocol';
import type { Limits, TenantId } from '@arqonbus/protocol';
import type { StoreChangesResult, StoreEntry } from '@arqonbus/protocol/spine-messages';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { Spine, SpineSubscription } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';
import { aboutWatch, catchUpWatch, releaseHeld, tellWatch } from './tell-watch.ts';
import type { TellWatchOptions } from './tell-watch.ts';
import { watchId } from './store-watch.ts';
import type { StoreWatch, WatchTarget } from './store-watch.ts';
import { TenantChanges } from './tenant-changes.ts';

/** A watch that has begun; its client is told of nothing before `start`. */
export interface BegunWatch {
  /** How far the tenant was. */
  readonly version: number;
  /** False = more has changed since than is told. */
  readonly isComplete: boolean;
  start(): void;
}

/** What local sessions watch in the store (STO-1). */
export interface StoreWatches {
  /** Begins a watch, from a version on where one is named. Throws `QUOTA_EXCEEDED`, and what asking the Brain throws. */
  add(session: Session, target: WatchTarget, after: number | undefined): Promise<BegunWatch>;
  /** False = there was none. */
  remove(session: Session, target: WatchTarget): boolean;
  /** Ends those that the rights of the session do not allow any more, and says so. */
  review(session: Session): void;
  closed(session: Session): void;
  /** Asks whether something was missed; run every 10 s. */
  check(): void;
  size(): number;
  stop(): void;
}

/** What watching needs from around it. */
export interface StoreWatchesOptions extends TellWatchOptions {
  readonly spine: Spine;
  readonly limits: Pick<Limits, 'storeWatches'>;
  readonly onGap: () => void;
  readonly onMalformed: () => void;
  readonly onError: (error: unknown) => void;
}

interface Followed {
  readonly changes: TenantChanges;
  readonly watches: Set<StoreWatch>;
}

/** Changes that are told of the time before a watch. Who missed more reads everything anew. */
const MAX_TOLD_BEFORE = 1_000;

/** No watches yet. */
export function createStoreWatches(options: StoreWatchesOptions): StoreWatches {
  return new LocalWatches(options);
}

class LocalWatches implements StoreWatches {
  readonly #options: StoreWatchesOptions;
  readonly #tenants = new Map<TenantId, Followed>();
  readonly #sessions = new Map<Session, Map<string, StoreWatch>>();
  readonly #spineStatus: SpineSubscription;

  constructor(options: StoreWatchesOptions) {
    this.#options = options;
    this.#spineStatus = options.spine.onStatus((status) => {
      if (status === 'connected') this.check();
    });
  }

  async add(session: Session, target: WatchTarget, after: number | undefined): Promise<BegunWatch> {
    this.remove(session, target);
    const own = this.#sessions.get(session) ?? new Map<string, StoreWatch>();
    if (own.size >= this.#options.limits.storeWatches) {
      throw new BusError(
        'QUOTA_EXCEEDED',
        `A connection watches ${this.#options.limits.storeWatches} keys and prefixes.`,
      );
    }
    const followed = this.#follow(session.tenant);
    const watch: StoreWatch = { session, target, sinceVersion: after ?? 0, held: [], isEnded: false, isBehind: false };
    followed.watches.add(watch);
    followed.changes.users += 1;
    own.set(watchId(target), watch);
    this.#sessions.set(session, own);
    try {
      await followed.changes.whenKnown();
      const before = await this.#changesSince(session.tenant, after, followed.changes.version);
      watch.sinceVersion = Math.max(watch.sinceVersion, before.from);
      const start = (): void => releaseHeld(watch, before.entries, this.#options);
      return { version: before.version, isComplete: before.isComplete, start };
    } catch (error) {
      this.#end(watch);
      throw error;
    }
  }

  remove(session: Session, target: WatchTarget): boolean {
    const watch = this.#sessions.get(session)?.get(watchId(target));
    if (watch !== undefined) this.#end(watch);
    return watch !== undefined;
  }

  review(session: Session): void {
    for (const watch of Array.from(this.#sessions.get(session)?.values() ?? [])) {
      const { namespace } = watch.target;
      if (session.rights.may('operate', 'store', namespace)) continue;
      this.#end(watch);
      this.#options.send(session, this.#options.envelopes.system({ ...aboutWatch(watch.target), ended: 'rights' }));
    }
  }

  closed(session: Session): void {
    for (const watch of Array.from(this.#sessions.get(session)?.values() ?? [])) this.#end(watch);
  }

  check(): void {
    for (const { changes, watches } of this.#tenants.values()) {
      changes.check();
      for (const watch of watches) if (watch.held === undefined) catchUpWatch(watch, this.#options);
    }
  }

  size(): number {
    let size = 0;
    for (const { watches } of this.#tenants.values()) size += watches.size;
    return size;
  }

  stop(): void {
    this.#spineStatus.unsubscribe();
    for (const { changes } of this.#tenants.values()) changes.close();
  }

  #follow(tenant: TenantId): Followed {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const watches = new Set<StoreWatch>();
    const changes = new TenantChanges({
      ...this.#options,
      tenant,
      fetch: (of, after) => this.#fetch(of, after),
      onChange: (entry) => {
        for (const watch of watches) tellWatch(watch, entry, this.#options);
      },
      onMissed: () => {
        for (const watch of watches) {
          watch.isBehind = true;
          watch.sinceVersion = 0;
          if (watch.held === undefined) catchUpWatch(watch, this.#options);
        }
      },
    });
    const followed = { changes, watches };
    this.#tenants.set(tenant, followed);
    return followed;
  }

  #end(watch: StoreWatch): void {
    const { session, target } = watch;
    watch.isEnded = true;
    const own = this.#sessions.get(session);
    if (own?.get(watchId(target)) === watch) own.delete(watchId(target));
    if (own?.size === 0) this.#sessions.delete(session);
    const followed = this.#tenants.get(session.tenant);
    if (followed?.watches.delete(watch) !== true) return;
    followed.changes.users -= 1;
    if (followed.changes.users > 0) return;
    followed.changes.close();
    this.#tenants.delete(session.tenant);
  }

  async #changesSince(tenant: TenantId, after: number | undefined, known: number): Promise<ChangesBefore> {
    if (after === undefined) return { version: known, from: known, isComplete: true, entries: [] };
    const entries: StoreEntry[] = [];
    for (let from = after; ;) {
      const result = await this.#fetch(tenant, from);
      const [version, upto] = [Number(result.version), Number(result.upto)];
      const isLost = Number(result.floor) > from || version < from;
      entries.push(...result.entries);
      if (isLost || entries.length > MAX_TOLD_BEFORE) return { version, from: version, isComplete: false, entries: [] };
      if (upto >= version) return { version, from: after, isComplete: true, entries };
      from = upto;
    }
  }

  #fetch(tenant: TenantId, after: number | undefined): Promise<StoreChangesResult> {
    const request = { tenant, ...(after === undefined ? {} : { after: BigInt(after) }) };
    return callBrain(this.#options.spine, 'store.changes', request, deadlineIn(BRAIN_TIMEOUT_MS));
  }
}

interface ChangesBefore {
  readonly version: number;
  /** Changes up to this one are not told. */
  readonly from: number;
  readonly isComplete: boolean;
  readonly entries: readonly StoreEntry[];
}

import type { TenantId } from '@arqonbus/protocol';
import { StoreChangesSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { StoreChangesResult, StoreEntry } from '@arqonbus/protocol/spine-messages';
import { storeOf } from '@arqonbus/spine';
import type { Spine, SpineSubscription } from '@arqonbus/spine';

/** What following a tenant's store needs from around it. */
export interface TenantChangesOptions {
  readonly tenant: TenantId;
  readonly spine: Spine;
  /** Asks the Brain what changed after a version; undefined = only how far the tenant is. */
  readonly fetch: (tenant: TenantId, after: number | undefined) => Promise<StoreChangesResult>;
  /** Each change once, in the order of versions; of a key that changed several times while nothing came the last one. */
  readonly onChange: (entry: StoreEntry) => void;
  /** Some changes are not known any more to anybody. */
  readonly onMissed: () => void;
  /** Something was not heard and is asked for. */
  readonly onGap: () => void;
  readonly onMalformed: () => void;
  readonly onError: (error: unknown) => void;
}

/** How long after the changes could not be had they are asked for again. */
const RETRY_MS = 1_000;

/**
 * The changes of one tenant's store as this Shield hears them. Versions have no gaps, so what was not heard is noticed: by
 * the next change, after a loss of the Spine, and by {@link check} from time to time.
 */
export class TenantChanges {
  /** Watches, and commands under way that will be some. */
  users = 0;
  /** The last change that was told; -1 = how far the tenant is, is not known. */
  version = -1;
  readonly #options: TenantChangesOptions;
  readonly #interest: SpineSubscription;
  /** The last change that was heard of. */
  #heard = 0;
  #fetching: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: TenantChangesOptions) {
    this.#options = options;
    this.#interest = options.spine.subscribe(storeOf(options.tenant), ({ data }) => {
      const message = readMessage(StoreChangesSchema, data);
      if (message === undefined) options.onMalformed();
      else this.#hear(message.entries);
    });
  }

  /** Resolves once it is known how far the tenant is; rejects with a `BusError` where no Brain tells. */
  async whenKnown(): Promise<void> {
    if (this.version < 0) await this.#catchUp();
  }

  /** Asks whether something was missed; tried again until it is known. */
  check(): void {
    this.#catchUp().catch((error: unknown) => {
      if (this.#isClosed) return;
      this.#options.onError(error);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.check();
      }, RETRY_MS);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#interest.unsubscribe();
    clearTimeout(this.#retry);
  }

  #hear(entries: readonly StoreEntry[]): void {
    for (const entry of entries) {
      const version = Number(entry.version);
      this.#heard = Math.max(this.#heard, version);
      // While it is asked, the answer or the one after it tells.
      if (this.#fetching !== undefined || version <= this.version) continue;
      if (version === this.version + 1) this.#tell(entry);
      else this.#onGap();
    }
  }

  #onGap(): void {
    this.#options.onGap();
    this.check();
  }

  #tell(entry: StoreEntry): void {
    this.version = Math.max(this.version, Number(entry.version));
    this.#options.onChange(entry);
  }

  #catchUp(): Promise<void> {
    this.#fetching ??= this.#fetchAll().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetchAll(): Promise<void> {
    const { tenant, fetch } = this.#options;
    for (;;) {
      const after = this.version < 0 ? undefined : this.version;
      const result = await fetch(tenant, after);
      if (this.#isClosed) return;
      this.#take(result, after);
      if (this.version >= Number(result.version) && this.version >= this.#heard) return;
    }
  }

  #take({ entries, floor, upto, version }: StoreChangesResult, after: number | undefined): void {
    // A store that was restored from an older copy counts from there.
    const isBack = after !== undefined && Number(version) < after;
    if (isBack) this.#heard = 0;
    if (isBack || (after !== undefined && Number(floor) > after)) this.#options.onMissed();
    for (const entry of entries) this.#tell(entry);
    this.version = isBack || after === undefined ? Number(version) : Math.max(this.version, Number(upto));
  }
}

import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { BanRecordSchema, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { BanRecord } from '@arqonbus/protocol/spine-messages';
import { banKey, tenantPrefix } from '@arqonbus/spine';
import type { KeyValue, KeyValueEntry } from '@arqonbus/spine';

/** The bans, in the bucket `ARQON_BANS`, which every Shield watches and enforces (SPN-6, AUT-5). */
export class BanStore {
  readonly #bucket: KeyValue;
  readonly #now: () => number;

  constructor(bucket: KeyValue, now: () => number) {
    this.#bucket = bucket;
    this.#now = now;
  }

  /** What is stored of a user's ban, in force or over; undefined = nothing. */
  async stored(tenant: TenantId, user: string): Promise<Uint8Array | undefined> {
    return (await this.#bucket.get(banKey(tenant, user)))?.value;
  }

  /** Bans a user, in place of an older ban. Throws `CONFLICT` when another one was written at the same time. */
  async put(tenant: TenantId, ban: BanRecord): Promise<void> {
    const key = banKey(tenant, ban.user);
    const value = toBinary(BanRecordSchema, ban);
    const known = await this.#bucket.get(key);
    if (known === undefined) await this.#bucket.create(key, value);
    else await this.#bucket.update(key, value, known.revision);
  }

  /** Ends a user's ban; false when none was in force. */
  async lift(tenant: TenantId, user: string): Promise<boolean> {
    const known = await this.#bucket.get(banKey(tenant, user));
    if (known === undefined) return false;
    await this.#bucket.delete(known.key, known.revision);
    return !this.#isOver(known);
  }

  /** The bans in force in a tenant, by user. */
  async list(tenant: TenantId): Promise<BanRecord[]> {
    const entries = await this.#bucket.list(tenantPrefix(tenant));
    const bans = entries.filter((entry) => !this.#isOver(entry)).map(decode);
    return bans.toSorted((a, b) => (a.user < b.user ? -1 : 1));
  }

  /** Removes the bans of all tenants that are over; one that was renewed meanwhile stays. */
  async sweep(): Promise<void> {
    for (const entry of await this.#bucket.list('')) {
      if (this.#isOver(entry)) await this.#remove(entry);
    }
  }

  async #remove({ key, revision }: KeyValueEntry): Promise<void> {
    try {
      await this.#bucket.delete(key, revision);
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    }
  }

  #isOver(entry: KeyValueEntry): boolean {
    const { untilMs } = decode(entry);
    return untilMs !== 0n && Number(untilMs) <= this.#now();
  }
}

function decode({ value }: KeyValueEntry): BanRecord {
  return fromBinary(BanRecordSchema, value);
}

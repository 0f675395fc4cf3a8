import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { GrantSetRecordSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import { grantKey, parseGrantKey, tenantPrefix } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { GrantStore } from '@arqonbus/storage';
import { recordOf } from './grant-record.ts';

const MAX_TRIES = 16;

/**
 * Hands what the store holds to the Shields, which watch the bucket `ARQON_GRANTS` (PRM-3). A set is read from the store
 * after the revision that it replaces was read, so whoever writes last has read the newest.
 */
export class GrantSets {
  readonly #store: GrantStore;
  readonly #bucket: KeyValue;

  constructor(store: GrantStore, bucket: KeyValue) {
    this.#store = store;
    this.#bucket = bucket;
  }

  /** Writes the grants of a subject as they are now. */
  async publish(tenant: TenantId, subject: string): Promise<void> {
    const key = grantKey(tenant, subject);
    for (let tries = 1; ; tries += 1) {
      const known = await this.#bucket.get(key);
      const { version, grants } = await this.#store.setOf(tenant, subject);
      const record = create(GrantSetRecordSchema, { version: BigInt(version), grants: grants.map(recordOf) });
      const value = toBinary(GrantSetRecordSchema, record);
      try {
        // A set that is empty stays: a key that goes and comes again has no revision to tell who was last.
        await (known === undefined ? this.#bucket.create(key, value) : this.#bucket.update(key, value, known.revision));
        return;
      } catch (error) {
        if (tries === MAX_TRIES || !(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
      }
    }
  }

  /** Writes what the bucket lacks or has otherwise than the store: after a crash, a loss or a restore of either. */
  async reconcile(tenant: TenantId): Promise<void> {
    const wanted = new Map(await this.#store.versions(tenant));
    for (const { key, value } of await this.#bucket.list(tenantPrefix(tenant))) {
      const subject = parseGrantKey(key)?.subject;
      if (subject === undefined) continue;
      const version = Number(readMessage(GrantSetRecordSchema, value)?.version ?? -1);
      if (version === (wanted.get(subject) ?? 0)) wanted.delete(subject);
      else wanted.set(subject, wanted.get(subject) ?? 0);
    }
    for (const subject of wanted.keys()) await this.publish(tenant, subject);
  }
}

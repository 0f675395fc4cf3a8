import type { TenantId, UserId } from '@arqonbus/protocol';
import { BanRecordSchema, create, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { BanRecord } from '@arqonbus/protocol/spine-messages';
import { banKey, parseBanKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';

/** The bans in force, as the key-value bucket tells them (AUT-5). Asking costs no request. */
export interface BanList {
  /** The ban of this user, unless it is over. */
  find(tenant: TenantId, user: UserId): BanRecord | undefined;
  /** Resolves when the bans that exist are known; nobody is let in before (SPN-6). */
  readonly ready: Promise<void>;
  /** False while bans may have come that are not known yet: from a loss of the Spine until all have been read again. */
  isCurrent(): boolean;
  /** How many bans are in force. */
  count(): number;
  stop(): void;
}

/** Watches the bucket; `onBan` hears of every ban in force that comes, those that exist included. */
export function createBanList(
  bucket: KeyValue,
  now: () => number,
  onBan: (tenant: TenantId, ban: BanRecord) => void,
): BanList {
  const bans = new Map<string, BanRecord>();
  const apply = ({ key, value }: KeyValueChange): void => {
    if (value === undefined) {
      bans.delete(key);
      return;
    }
    const place = parseBanKey(key);
    if (place === undefined) return;
    const ban = decodeBan(value, place.user);
    bans.set(key, ban);
    // A watch tells again after a reconnect, also of bans that are over.
    if (isInForce(ban, now())) onBan(place.tenant, ban);
  };
  const watch = bucket.watch('', apply);
  return {
    ready: watch.ready,
    isCurrent: () => watch.isCurrent(),
    find: (tenant, user) => {
      const ban = bans.get(banKey(tenant, user));
      return ban !== undefined && isInForce(ban, now()) ? ban : undefined;
    },
    count: () => {
      const nowMs = now();
      let count = 0;
      for (const ban of bans.values()) if (isInForce(ban, nowMs)) count += 1;
      return count;
    },
    stop: () => watch.stop(),
  };
}

/** A record that cannot be read still bans, for good: a broken ban must not let anybody in (PRD-6). */
function decodeBan(value: Uint8Array, user: UserId): BanRecord {
  try {
    return fromBinary(BanRecordSchema, value);
  } catch {
    return create(BanRecordSchema, { user, reason: 'the record of the ban cannot be read' });
  }
}

function isInForce(ban: BanRecord, nowMs: number): boolean {
  return ban.untilMs === 0n || Number(ban.untilMs) > nowMs;
}

import type { Sql } from '../database.ts';
import type { LogAddress } from '../valkey/log/log-keys.ts';
import type { ArchivedEpoch } from './archive-store.ts';

/** The epochs of a channel by their first publications, oldest first; of more than `limit` the newest. */
export async function archivedEpochs(
  sql: Sql,
  { tenant, room, channel }: LogAddress,
  limit: number,
): Promise<readonly ArchivedEpoch[]> {
  const rows = await sql.query<EpochRow>(EPOCHS, [tenant, room, channel, limit]);
  return rows
    .map(({ epoch, first_ms: firstMs, last_ms: lastMs }) => ({
      epoch,
      firstMs: Number(firstMs),
      lastMs: Number(lastMs),
    }))
    .toReversed();
}

interface EpochRow {
  readonly epoch: string;
  readonly first_ms: string;
  readonly last_ms: string;
}

const OF_CHANNEL = 'a.tenant_id = $1 AND a.room = $2 AND a.channel = $3';

/** From one epoch to the next by the key, however much each holds. */
const EPOCHS = `
  WITH RECURSIVE held AS (
    (SELECT a.epoch FROM arqon.archive a WHERE ${OF_CHANNEL} ORDER BY a.epoch LIMIT 1)
    UNION ALL
    SELECT next.epoch FROM held, LATERAL (
      SELECT a.epoch FROM arqon.archive a WHERE ${OF_CHANNEL} AND a.epoch > held.epoch ORDER BY a.epoch LIMIT 1
    ) next
  )
  SELECT epoch, ${storedMs('ASC')} AS first_ms, ${storedMs('DESC')} AS last_ms
  FROM held ORDER BY ${storedMs('ASC')}::bigint DESC, epoch DESC LIMIT $4`;

function storedMs(order: 'ASC' | 'DESC'): string {
  return `(SELECT round(extract(epoch FROM a.at) * 1000)::bigint::text FROM arqon.archive a
    WHERE ${OF_CHANNEL} AND a.epoch = held.epoch ORDER BY a.seq ${order} LIMIT 1)`;
}

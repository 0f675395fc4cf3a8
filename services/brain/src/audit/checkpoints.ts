import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { AuditCheckpointSchema, create, fromBinary, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import { auditKey, parseAuditKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { ChainEnd } from './audit-record.ts';

const MAX_TRIES = 5;

/**
 * How far each chain has come, kept apart from the trail, in the bucket `ARQON_AUDIT`: a chain that ends before its
 * checkpoint, or has another record there, was cut or rewritten (O-15).
 */
export class Checkpoints {
  readonly #bucket: KeyValue;
  readonly #now: () => number;

  constructor(bucket: KeyValue, now: () => number) {
    this.#bucket = bucket;
    this.#now = now;
  }

  async find(tenant: TenantId): Promise<ChainEnd | undefined> {
    const entry = await this.#bucket.get(auditKey(tenant));
    return entry && decode(entry.value);
  }

  /** All that are kept; what cannot be read is left out, and found by whoever verifies that chain. */
  async list(): Promise<readonly (readonly [TenantId, ChainEnd])[]> {
    const entries = await this.#bucket.list('');
    return entries.flatMap(({ key, value }) =>
      readMessage(AuditCheckpointSchema, value) === undefined ? [] : [[parseAuditKey(key), decode(value)] as const],
    );
  }

  /** Moves a checkpoint on; never back. */
  async advance(tenant: TenantId, end: ChainEnd): Promise<void> {
    const key = auditKey(tenant);
    const value = toBinary(AuditCheckpointSchema, encode(end, this.#now()));
    for (let tries = 1; ; tries += 1) {
      const known = await this.#bucket.get(key);
      if (known !== undefined && decode(known.value).seq >= end.seq) return;
      try {
        await (known === undefined ? this.#bucket.create(key, value) : this.#bucket.update(key, value, known.revision));
        return;
      } catch (error) {
        if (tries === MAX_TRIES || !(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
      }
    }
  }
}

function encode(
  { seq, hash, position }: ChainEnd,
  atMs: number,
): ReturnType<typeof create<typeof AuditCheckpointSchema>> {
  return create(AuditCheckpointSchema, {
    seq: BigInt(seq),
    hash,
    position: BigInt(position),
    atMs: BigInt(atMs),
  });
}

function decode(value: Uint8Array): ChainEnd {
  const { seq, hash, position } = fromBinary(AuditCheckpointSchema, value);
  return { seq: Number(seq), hash, position: Number(position) };
}

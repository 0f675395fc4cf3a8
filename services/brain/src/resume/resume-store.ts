import { BusError } from '@arqonbus/protocol';
import type { ClientId, TenantId } from '@arqonbus/protocol';
import { ResumeRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import { resumeKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';

/** One generation of a client, that a Shield wants to follow with the next one. */
export interface Claim {
  readonly tenant: TenantId;
  readonly clientId: ClientId;
  readonly generation: number;
  /** Its holder knows the session as this generation. */
  readonly isHeld: boolean;
  /** The Shield that asks. */
  readonly node: string;
}

/**
 * The present generations of clients that were resumed, in the bucket `ARQON_RESUMES`: of those who claim the same one,
 * one gets it (PRT-7). Who never was resumed has no record, and is generation 0.
 */
export class ResumeStore {
  readonly #bucket: KeyValue;

  constructor(bucket: KeyValue) {
    this.#bucket = bucket;
  }

  /** Moves the client on to its next generation. Throws `RESUME_EXPIRED` where that has happened already. */
  async claim(claim: Claim): Promise<void> {
    const key = resumeKey(claim.tenant, claim.clientId);
    const next = { generation: claim.generation + 1, node: claim.node };
    const value = toBinary(ResumeRecordSchema, create(ResumeRecordSchema, next));
    const known = await this.#bucket.get(key);
    const present = known === undefined ? presentWithoutRecord(claim) : fromBinary(ResumeRecordSchema, known.value);
    if (present.generation !== claim.generation) throw new BusError('RESUME_EXPIRED');
    try {
      if (known === undefined) await this.#bucket.create(key, value);
      else await this.#bucket.update(key, value, known.revision);
    } catch (error) {
      throw error instanceof BusError && error.code === 'CONFLICT' ? new BusError('RESUME_EXPIRED') : error;
    }
  }
}

/** Records outlive every token of an older generation; where the bucket itself was lost, the holder's word counts. */
function presentWithoutRecord({ generation, isHeld }: Claim): { readonly generation: number } {
  return { generation: isHeld ? generation : 0 };
}

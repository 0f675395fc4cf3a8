import { OmegaEventSchema, OmegaSubstrateSchema, create } from '@arqonbus/protocol/spine-messages';
import type { OmegaEvent as EventRecord, OmegaSubstrate as SubstrateRecord } from '@arqonbus/protocol/spine-messages';
import type { OmegaEvent, OmegaSubstrate } from '@arqonbus/storage';

const encoder = new TextEncoder();

/** A substrate as it travels on the Spine. */
export function substrateRecordOf({ metadata, registeredAtMs, ...substrate }: OmegaSubstrate): SubstrateRecord {
  const text = encoder.encode(metadata);
  return create(OmegaSubstrateSchema, { ...substrate, metadata: text, registeredAtMs: BigInt(registeredAtMs) });
}

/** An event as it travels on the Spine. */
export function eventRecordOf({ payload, emittedAtMs, ...event }: OmegaEvent): EventRecord {
  const text = encoder.encode(payload);
  return create(OmegaEventSchema, { ...event, payload: text, emittedAtMs: BigInt(emittedAtMs) });
}

import { encodeProtoEnvelope, withSealedViews } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';

/** A message as Shields hand it to each other, with what some readers see of it (CAS-12). No client gets these bytes as they are. */
export function encodePublication(envelope: Envelope): Uint8Array {
  return withSealedViews(encodeProtoEnvelope(envelope), envelope.views);
}

import { createEnvelope, decodeJsonEnvelope, decodeProtoEnvelope } from '@arqonbus/protocol';
import type { DecodeResult, Limits } from '@arqonbus/protocol';
import type { Ingress, WireFormat } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** Reads one frame in the format that its connection has agreed on. */
export function decodeFrame(frame: Uint8Array, format: WireFormat, limits: Limits): DecodeResult {
  return format === 'json' ? decodeJsonEnvelope(frame, limits) : decodeProtoEnvelope(frame, limits);
}

/** Turns the frame into an envelope, or says what is wrong with it (PRT-8, PRT-10). */
export function createDecodeStage(limits: Limits): Stage {
  return {
    name: 'decode',
    check: (ingress: Ingress): Verdict => {
      const result = decodeFrame(ingress.frame, ingress.origin.format, limits);
      if (result.ok) {
        ingress.envelope = result.envelope;
        return ALLOW;
      }
      // A reply names the message it refuses wherever an id could be read.
      ingress.envelope = createEnvelope('error');
      ingress.envelope.id = result.id;
      return block(result.code, 'malformed', result.errors);
    },
  };
}

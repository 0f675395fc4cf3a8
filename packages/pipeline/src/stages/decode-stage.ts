import { decodeJsonEnvelope, decodeProtoEnvelope } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import type { Ingress } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** Turns the frame into an envelope, or says what is wrong with it (PRT-8, PRT-10). */
export function createDecodeStage(limits: Limits): Stage {
  return {
    name: 'decode',
    check: (ingress: Ingress): Verdict => {
      const decode = ingress.origin.format === 'json' ? decodeJsonEnvelope : decodeProtoEnvelope;
      const result = decode(ingress.frame, limits);
      if (result.ok) {
        ingress.envelope = result.envelope;
        return ALLOW;
      }
      // A reply names the message it refuses wherever an id could be read.
      ingress.envelope.id = result.id;
      return block(result.code, 'malformed', result.errors);
    },
  };
}

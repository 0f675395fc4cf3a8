import { createEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { Decision } from '../decision.ts';
import { inspectEnvelope } from '../inspect-envelope.ts';
import type { CasilPolicy } from '../policy/casil-policy.ts';

/** For tests: inspects an event to `science:general` with this payload. */
export function inspectPayload(payload: unknown, policy: CasilPolicy, fields: Partial<Envelope> = {}): Decision {
  const envelope: Envelope = {
    ...createEnvelope('event'),
    room: 'science',
    channel: 'general',
    payload: new TextEncoder().encode(JSON.stringify(payload)),
    ...fields,
  };
  return inspectEnvelope(envelope, policy);
}

/** For tests: the payload that is delivered instead, read. */
export function rewrittenPayload({ rewritten }: Decision): unknown {
  return rewritten.payload === undefined ? undefined : JSON.parse(new TextDecoder().decode(rewritten.payload));
}

/** For tests: secrets that stand nowhere as a whole. */
export const samples: { readonly awsKey: string; readonly card: string; readonly url: string } = {
  awsKey: ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join(''),
  card: '4111 1111 1111 1111',
  url: ['postgres://app', 's3cr3tpw9@db.internal:5432/orders'].join(':'),
};

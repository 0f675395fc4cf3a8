import { DEFAULT_CASIL_SETTINGS, createCasilPolicy } from '@arqonbus/casil';
import type { CasilSettings, Decision } from '@arqonbus/casil';
import { compileSchema } from '@arqonbus/schema';
import type { CompiledSchema } from '@arqonbus/schema';
import { compileMessage, decodeOrder, encodeOrder, orderDescriptors } from '@arqonbus/schema/testing';
import { describe, expect, it } from 'vitest';
import type { Ingress } from '../ingress.ts';
import { createTestIngress } from '../ingress-rig.ts';
import type { Verdict } from '../verdict.ts';
import { createCasilStage } from './casil-stage.ts';
import { createSchemaStage } from './schema-stage.ts';

// Protobuf payloads are inspected by their JSON mapping, and what is redacted is checked once more (SAF-6).

const awsKey = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');
const order = compileMessage(orderDescriptors, 'shop.v1.Order');
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

interface Message {
  readonly payload: Uint8Array;
  readonly contentType?: string;
}

interface Checked {
  readonly verdict: Verdict;
  readonly ingress: Ingress;
  readonly decisions: readonly Decision[];
}

/** Schema and CASIL, one after the other, as the chain has them. */
function check(
  { payload, contentType = 'application/x-protobuf' }: Message,
  schema: CompiledSchema | 'unbound' = order,
  changes: Partial<CasilSettings> & { readonly bindingMode?: 'enforce' | 'warn' } = {},
): Checked {
  const { bindingMode: mode = 'enforce', ...settings } = changes;
  const made = createCasilPolicy({ ...DEFAULT_CASIL_SETTINGS, enabled: true, mode: 'enforce', ...settings });
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  const decisions: Decision[] = [];
  const stages = [
    createSchemaStage({
      isOn: () => true,
      schemaFor: () => (schema === 'unbound' ? undefined : { schemaId: 'order.v1', version: 1, mode, schema }),
      onViolation: () => undefined,
    }),
    createCasilStage({
      isOn: () => true,
      policyOf: () => made.policy,
      onDecision: (_, decision) => void decisions.push(decision),
      onFailure: () => '',
    }),
  ];
  const ingress = createTestIngress({ room: 'shop', channel: 'orders', payload, contentType });
  let verdict: Verdict = { kind: 'allow' };
  for (const stage of stages) if (verdict.kind === 'allow') verdict = stage.check(ingress);
  return { verdict, ingress, decisions };
}

describe('a Protobuf payload with a schema', () => {
  it('[SAF-6] is looked into, and goes on byte for byte where it is clean', () => {
    const payload = encodeOrder({ id: 'DE-17', items: [{ sku: 'a' }] });
    const { verdict, ingress, decisions } = check({ payload });
    expect([verdict.kind, decisions[0]?.outcome]).toEqual(['allow', 'ALLOW']);
    expect(ingress.envelope.payload).toBe(payload);
  });

  it('[SAF-6] [CAS-5] is refused where a secret stands in it, with the path', () => {
    expect(check({ payload: encodeOrder({ parent: { id: awsKey } }) }).verdict).toMatchObject({
      code: 'CASIL_POLICY_BLOCKED_SECRET',
      errors: [{ field: 'payload/parent/id', problem: 'holds aws_access_key_id' }],
    });
  });

  it('[SAF-6] [CAS-6] is redacted and encoded again, and fits its schema', () => {
    const { verdict, ingress } = check({ payload: encodeOrder({ id: 'mine', card: '4111 1111 1111 1111' }) });
    expect(verdict.kind).toBe('allow');
    expect(ingress.envelope.contentType).toBe('application/x-protobuf');
    expect(decodeOrder(ingress.envelope.payload)).toEqual({ id: 'mine', card: '***REDACTED***' });
  });

  it('[SAF-6] [CAS-12] has views in its own form, and none where a view does not fit', () => {
    const views = ['role:moderator=card_number'];
    const { ingress } = check({ payload: encodeOrder({ id: 'mine', card: '4111 1111 1111 1111' }) }, order, { views });
    expect(ingress.views?.map(({ entries, payload }) => [entries, decodeOrder(payload)])).toEqual([
      [views, { id: 'mine', card: '4111 1111 1111 1111' }],
    ]);
    let asked = 0;
    // The payload itself twice, then its view.
    const refuse = [{ path: '', message: 'no' }];
    const picky: CompiledSchema = { ...order, violations: () => (++asked > 2 ? refuse : []) };
    const payload = encodeOrder({ card: '4111 1111 1111 1111' });
    expect(check({ payload }, picky, { views }).ingress.views).toBeUndefined();
  });

  it('[SAF-6] is refused where what is redacted is no text', () => {
    const checked = check({ payload: encodeOrder({ numbers: ['4111111111111111'] }) });
    expect(checked.verdict).toMatchObject({ code: 'CASIL_POLICY_BLOCKED_SECRET', reason: 'not_encodable' });
    expect(checked.decisions).toMatchObject([{ outcome: 'BLOCK', cause: 'not_encodable' }]);
  });

  it('[SAF-6] is content that is no text where no schema is bound, or where it does not fit', () => {
    const payload = encodeOrder({ id: 'DE-17' });
    expect(check({ payload }, 'unbound').verdict).toMatchObject({ reason: 'opaque' });
    const bad = Uint8Array.of(0x0a, 1, 0xff);
    expect(check({ payload: bad }, order, { bindingMode: 'warn' }).verdict).toMatchObject({ reason: 'opaque' });
    expect(check({ payload: bad }).verdict).toMatchObject({ code: 'SCHEMA_VIOLATION' });
    const unmapped: CompiledSchema = { kind: 'json', violations: () => [] };
    expect(check({ payload }, unmapped).verdict).toMatchObject({ code: 'CASIL_INTERNAL_ERROR', reason: 'opaque' });
    const failing: CompiledSchema = { ...order, mapping: { toJson: () => fail(), toPayload: () => fail() } };
    expect(check({ payload }, failing).verdict).toMatchObject({ reason: 'opaque' });
  });
});

function fail(): never {
  throw new Error('has no counterpart');
}

describe('a redacted payload', () => {
  const compiled = compileSchema({
    kind: 'json',
    bytes: encode({ type: 'object', properties: { card: { type: 'string', pattern: '^[0-9 ]+$' } } }),
    message: '',
  });
  if (!compiled.ok) throw new Error(compiled.problem);
  const { schema } = compiled;
  const message = { payload: encode({ card: '4111 1111 1111 1111' }), contentType: '' };

  it('[SAF-6] that does not fit its schema any more is refused', () => {
    const { verdict, ingress, decisions } = check(message, schema);
    expect(verdict).toMatchObject({
      code: 'SCHEMA_VIOLATION',
      reason: 'schema_mismatch',
      details: { violations: [{ path: 'card', message: 'must match its pattern' }] },
    });
    expect(ingress.envelope.payload).toBe(message.payload);
    expect(decisions).toMatchObject([{ outcome: 'BLOCK', cause: 'second_change' }]);
  });

  it('[SAF-6] goes on where the schema only warns', () => {
    const { verdict, ingress } = check(message, schema, { bindingMode: 'warn' });
    expect(verdict.kind).toBe('allow');
    expect(new TextDecoder().decode(ingress.envelope.payload)).toBe('{"card":"***REDACTED***"}');
  });
});

import type { Envelope } from '@arqonbus/protocol';
import { compileSchema } from '@arqonbus/schema';
import { describe, expect, it } from 'vitest';
import type { BoundSchema } from '../bound-schema.ts';
import type { Ingress } from '../ingress.ts';
import { createTestIngress } from '../ingress-rig.ts';
import type { Verdict } from '../verdict.ts';
import { createSchemaStage, recheckSchema } from './schema-stage.ts';
import type { SchemaRefusal } from './schema-stage.ts';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const compiled = compileSchema({ kind: 'json', bytes: encode({ type: 'string', maxLength: 40 }), message: '' });
if (!compiled.ok) throw new Error(compiled.problem);
const enforced: BoundSchema = { schemaId: 'text.v1', version: 3, mode: 'enforce', schema: compiled.schema };

interface Checked {
  readonly ingress: Ingress;
  readonly verdict: Verdict;
  readonly told: readonly SchemaRefusal[];
  readonly asked: readonly (readonly string[])[];
}

function check(fields: Partial<Envelope>, bound: BoundSchema | undefined = enforced): Checked {
  const told: SchemaRefusal[] = [];
  const asked: string[][] = [];
  const stage = createSchemaStage({
    isOn: () => true,
    schemaFor: (...place) => {
      asked.push(place);
      return bound;
    },
    onViolation: (_, refusal) => void told.push(refusal),
  });
  const ingress = createTestIngress({ room: 'lab', channel: 'bench', payload: encode('text'), ...fields });
  return { ingress, verdict: stage.check(ingress), told, asked };
}

describe('the schema stage', () => {
  it('[SCH-2] lets through what fits, and leaves the schema for later stages', () => {
    const { verdict, ingress, told, asked } = check({});
    expect([verdict.kind, ingress.schema, told, asked]).toEqual(['allow', enforced, [], [['acme', 'lab', 'bench']]]);
    expect(check({ schema: 'text.v1' }).verdict.kind).toBe('allow');
  });

  it('[SCH-2] [SAF-2] blocks what does not, with the paths', () => {
    const { verdict, ingress, told } = check({ payload: encode(7) });
    const violations = [{ path: '', message: 'must be string' }];
    expect(verdict).toMatchObject({
      kind: 'block',
      code: 'SCHEMA_VIOLATION',
      reason: 'schema_mismatch',
      details: { reason: 'schema_mismatch', schema_id: 'text.v1', version: 3, violations },
    });
    expect(told).toEqual([{ bound: enforced, reason: 'schema_mismatch', violations }]);
    expect(ingress.schema).toBeUndefined();
    expect(check({ schema: 'else.v1' }).verdict).toMatchObject({
      details: { violations: [{ path: 'schema', message: 'must be text.v1, or not be named' }] },
    });
  });

  it('[SCH-4] [PRD-6] blocks everything where the schema is not there', () => {
    const { verdict, told } = check({}, { ...enforced, version: 0, schema: undefined });
    expect(verdict).toMatchObject({
      code: 'SCHEMA_VIOLATION',
      reason: 'schema_unavailable',
      details: { violations: [] },
    });
    expect(told).toHaveLength(1);
  });

  it('[SCH-2] only tells where the mode is warn', () => {
    const warned = check({ payload: encode(7) }, { ...enforced, mode: 'warn' });
    expect([warned.verdict.kind, warned.told.length, warned.ingress.schema]).toEqual(['allow', 1, undefined]);
    const missing = check({}, { ...enforced, mode: 'warn', schema: undefined });
    expect([missing.verdict.kind, missing.told[0]?.reason]).toEqual(['allow', 'schema_unavailable']);
  });

  it('[SCH-2] asks for nothing that goes to no channel', () => {
    for (const fields of [
      { type: 'command', command: 'ping' },
      { type: 'private', room: '' },
    ] as const) {
      const { verdict, asked } = check({ payload: encode(7), ...fields });
      expect([verdict.kind, asked]).toEqual(['allow', []]);
    }
    const stage = createSchemaStage({ isOn: () => false, schemaFor: () => undefined, onViolation: () => undefined });
    expect([stage.isOn?.(), stage.check(createTestIngress({ room: 'lab', channel: 'x' })).kind]).toEqual([
      false,
      'allow',
    ]);
  });

  it('[SAF-6] looks at a changed payload once more, where the schema is enforced', () => {
    const { ingress } = check({});
    expect(recheckSchema(ingress, encode('other'))).toBeUndefined();
    const long = encode('x'.repeat(50));
    expect(recheckSchema(ingress, long)).toMatchObject({ reason: 'schema_mismatch', violations: [{ path: '' }] });
    for (const schema of [undefined, { ...enforced, mode: 'warn' }] as const)
      expect(recheckSchema({ ...ingress, schema }, long)).toBeUndefined();
  });

  it('[SAF-6] refuses what a later stage has put into a message, and tells of it', () => {
    const told: SchemaRefusal[] = [];
    const stage = createSchemaStage({
      isOn: () => true,
      schemaFor: () => enforced,
      onViolation: (_, refusal) => void told.push(refusal),
    });
    const ingress = createTestIngress({ room: 'lab', channel: 'bench', payload: encode('text') });
    stage.check(ingress);
    expect([stage.recheck?.(ingress).kind, told]).toEqual(['allow', []]);
    ingress.envelope.payload = encode(7);
    expect(stage.recheck?.(ingress)).toMatchObject({ code: 'SCHEMA_VIOLATION', reason: 'schema_mismatch' });
    expect(told).toMatchObject([{ reason: 'schema_mismatch' }]);
  });
});

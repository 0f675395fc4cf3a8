import { SYSTEM_TENANT } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { SchemaBindingsSchema, SchemaRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryKeyValueStore, schemaBindingsKey, schemaKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { createLogger } from '@arqonbus/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { followSchemas } from './schema-registry.ts';
import type { SchemaRegistry } from './schema-registry.ts';

const acme = 'acme' as TenantId;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function record(version: number, schema: unknown, kind = 'json'): Uint8Array {
  const versions = [{ version, kind, source: encode(schema) }];
  return toBinary(SchemaRecordSchema, create(SchemaRecordSchema, { versions }));
}

function bindings(...list: readonly (readonly [pattern: string, schemaId: string, mode: string])[]): Uint8Array {
  const fields = list.map(([pattern, schemaId, mode]) => ({ pattern, schemaId, mode }));
  return toBinary(SchemaBindingsSchema, create(SchemaBindingsSchema, { bindings: fields }));
}

interface Rig {
  readonly bucket: KeyValue;
  readonly registry: SchemaRegistry;
  refused(): number;
  put(key: string, value: Uint8Array): Promise<void>;
}

async function start(before: readonly [string, Uint8Array][] = []): Promise<Rig> {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_SCHEMAS');
  for (const [key, value] of before) await bucket.create(key, value);
  let refused = 0;
  const registry = followSchemas({
    bucket,
    logger: createLogger({ level: 'silent', destination: { write: () => undefined } }),
    refused: { inc: () => void (refused += 1) },
  });
  await registry.ready;
  const put = async (key: string, value: Uint8Array): Promise<void> => {
    const known = await bucket.get(key);
    await (known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision));
    let seen = false;
    const watch = bucket.watch(key, () => (seen = true));
    await vi.waitFor(() => expect(seen).toBe(true));
    watch.stop();
  };
  return { bucket, registry, refused: () => refused, put };
}

describe('the schemas that a Shield knows', () => {
  it('[SCH-1] [SAF-4] are off until something is bound, and live when they change', async () => {
    const { registry, put, bucket } = await start();
    let told = 0;
    registry.onChange(() => void (told += 1));
    expect([registry.isOn(), registry.isCurrent()]).toEqual([false, true]);
    await put(schemaKey(acme, 'text.v1'), record(1, { type: 'string' }));
    await put(schemaBindingsKey(acme), bindings(['lab:*', 'text.v1', 'off']));
    expect([registry.isOn(), registry.schemaFor('acme', 'lab', 'bench')]).toEqual([false, undefined]);
    await put(schemaBindingsKey(acme), bindings(['lab:*', 'text.v1', 'enforce']));
    expect(registry.isOn()).toBe(true);
    const bound = registry.schemaFor('acme', 'lab', 'bench');
    expect(bound).toMatchObject({ schemaId: 'text.v1', version: 1, mode: 'enforce', schema: { kind: 'json' } });
    expect(registry.schemaFor('acme', 'lab', 'bench')).toBe(bound);
    expect(registry.schemaFor('globex', 'lab', 'bench')).toBeUndefined();
    expect(registry.schemaFor('acme', 'attic', 'bench')).toBeUndefined();
    await put(schemaKey(acme, 'text.v1'), record(2, { type: 'string' }));
    expect(registry.schemaFor('acme', 'lab', 'bench')?.version).toBe(2);
    expect(registry.counts()).toEqual({ schemas: 1, bindings: 1 });
    await bucket.delete(schemaBindingsKey(acme));
    await vi.waitFor(() => expect(registry.isOn()).toBe(false));
    expect(told).toBe(5);
    registry.stop();
    expect(registry.isCurrent()).toBe(false);
  });

  it('[SCH-2] hold by the pattern that says most', async () => {
    const list = bindings(
      ['*', 'all.v1', 'warn'],
      ['lab:*', 'lab.v1', 'enforce'],
      ['lab:scratch', 'lab.v1', 'off'],
      ['lab:b*', 'b.v1', 'enforce'],
    );
    const { registry } = await start([[schemaBindingsKey(acme), list]]);
    const idOf = (room: string, channel: string): string | undefined =>
      registry.schemaFor('acme', room, channel)?.schemaId;
    expect([
      idOf('attic', 'x'),
      idOf('lab', 'x'),
      idOf('lab', 'scratch'),
      idOf('lab', 'bench'),
      idOf('lab', '*'),
    ]).toEqual(['all.v1', 'lab.v1', undefined, 'b.v1', 'lab.v1']);
  });

  it('[SCH-1] are those of all tenants where a tenant has none of that id', async () => {
    const { registry, put } = await start([
      [schemaKey(SYSTEM_TENANT, 'text.v1'), record(7, { type: 'string' })],
      [schemaBindingsKey(acme), bindings(['lab:*', 'text.v1', 'enforce'])],
    ]);
    expect(registry.schemaFor('acme', 'lab', 'x')?.version).toBe(7);
    await put(schemaKey(acme, 'text.v1'), record(1, { type: 'string' }));
    expect(registry.schemaFor('acme', 'lab', 'x')?.version).toBe(1);
  });

  it.each([
    ['is missing', undefined],
    ['is no record', Uint8Array.of(0xff, 0xff)],
    ['has no version', new Uint8Array(0)],
    ['is of a kind that is not known', record(1, {}, 'avro')],
    ['does not compile', record(1, { type: 'nothing' })],
  ])('[SCH-4] a schema that %s is none, once told, and what is bound to it is not let through', async (_, stored) => {
    const entries: [string, Uint8Array][] = [[schemaBindingsKey(acme), bindings(['lab:*', 'text.v1', 'enforce'])]];
    if (stored !== undefined) entries.push([schemaKey(acme, 'text.v1'), stored]);
    const { registry, refused } = await start(entries);
    for (let i = 0; i < 3; i++)
      expect(registry.schemaFor('acme', 'lab', 'x')).toMatchObject({ mode: 'enforce', schema: undefined });
    expect(refused()).toBe(stored === undefined ? 0 : 1);
  });

  it('[SCH-4] [PRD-6] bindings that cannot be read leave what held; where nothing did, everything is held to nothing', async () => {
    const { registry, put, refused } = await start([[schemaKey(acme, 'text.v1'), record(1, { type: 'string' })]]);
    await put(schemaBindingsKey(acme), Uint8Array.of(0xff, 0xff));
    expect(registry.schemaFor('acme', 'any', 'where')).toMatchObject({ mode: 'enforce', schema: undefined });
    await put(schemaBindingsKey(acme), bindings(['lab:*', 'text.v1', 'strictly']));
    expect(registry.schemaFor('acme', 'lab', 'x')).toMatchObject({ mode: 'enforce', version: 1 });
    await put(schemaBindingsKey(acme), bindings(['not a pattern', 'text.v1', 'off']));
    expect(registry.schemaFor('acme', 'lab', 'x')).toMatchObject({ mode: 'enforce', version: 1 });
    expect(refused()).toBe(2);
  });
});

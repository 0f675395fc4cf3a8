import { BusError, DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Limits, TenantId } from '@arqonbus/protocol';
import { SchemaRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import {
  callBrain,
  createLocalSpine,
  createMemoryKeyValueStore,
  deadlineIn,
  schemaBindingsKey,
  schemaKey,
} from '@arqonbus/spine';
import type { BrainMethod, BrainRequest, BrainResult, KeyValue } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createAuditRig } from '../audit/audit-rig.ts';
import type { AuditRig } from '../audit/audit-rig.ts';
import { serveSchemas } from './index.ts';

const acme = 'acme' as TenantId;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const text = { type: 'string' };
const asked = { requestedBy: 'root', traceId: '' };

interface Rig {
  readonly bucket: KeyValue;
  readonly rig: AuditRig;
  readonly lines: object[];
  call<M extends BrainMethod>(method: M, request: BrainRequest<M>): Promise<BrainResult<M>>;
  register(schema: unknown, more?: object): Promise<BrainResult<'schemas.register'>>;
  bind(pattern: string, more?: object): Promise<unknown>;
}

function start(
  limits: Partial<Limits> = {},
  bucket: KeyValue = createMemoryKeyValueStore().bucket('ARQON_SCHEMAS'),
): Rig {
  const spine = createLocalSpine();
  const rig = createAuditRig();
  const lines: object[] = [];
  const logger = { info: (fields: object) => void lines.push(fields) };
  const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
  const parts = { spine, bucket, now: () => 7, audit: rig.audit, pageBytes: 262_144, logger };
  serveSchemas({ ...parts, limits: { ...DEFAULT_LIMITS, ...limits } }, observer);
  const call = <M extends BrainMethod>(method: M, request: BrainRequest<M>): Promise<BrainResult<M>> =>
    callBrain(spine, method, request, deadlineIn(10_000));
  return {
    bucket,
    rig,
    lines,
    call,
    register: (schema, { compatibility = '', ...more }: { compatibility?: string } = {}) => {
      const candidate = { kind: 'json', source: encode(schema), compatibility };
      return call('schemas.register', { tenant: 'acme', schemaId: 'text.v1', candidate, ...asked, ...more });
    },
    bind: (pattern, more = {}) => {
      const binding = { pattern, schemaId: 'text.v1', mode: 'enforce', boundBy: 'root', ...more };
      return call('schemas.bind', { tenant: 'acme', binding, traceId: '' });
    },
  };
}

describe('registering schemas', () => {
  it('[SCH-1] [SCH-3] numbers versions, keeps the latest ten and says what breaks', async () => {
    const { register, call, bucket, lines } = start();
    for (let i = 1; i <= 12; i++)
      expect(await register({ ...text, maxLength: i })).toMatchObject({ version: i, breaks: [] });
    const entry = await bucket.get(schemaKey(acme, 'text.v1'));
    const { versions } = fromBinary(SchemaRecordSchema, entry?.value ?? new Uint8Array(0));
    expect(versions.map(({ version }) => version)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(await register({ ...text, maxLength: 4 })).toMatchObject({
      version: 0,
      breaks: [{ path: '', change: 'the new version has a smaller maxLength' }],
    });
    const old = await call('schemas.get', { tenant: 'acme', schemaId: 'text.v1', version: 4 });
    expect(old).toMatchObject({ version: { version: 4 }, compatibility: 'backward', shared: false });
    await expect(call('schemas.get', { tenant: 'acme', schemaId: 'text.v1', version: 2 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(lines[0]).toEqual({
      event: 'schema_registered',
      tenant: 'acme',
      schema_id: 'text.v1',
      version: 1,
      changed_by: 'root',
    });
  });

  it('[SCH-3] holds new versions to what was chosen last, and to nothing for once alone', async () => {
    const { register } = start();
    await register(text, { compatibility: 'full' });
    expect((await register({ ...text, maxLength: 9 })).breaks).toHaveLength(1);
    expect((await register({})).breaks).not.toHaveLength(0);
    expect(await register({ type: 'number' }, { compatibility: 'none' })).toMatchObject({ version: 2, breaks: [] });
    expect((await register({ type: 'integer' })).breaks).toEqual([
      expect.objectContaining({ path: '', change: 'the new version does not allow number' }),
    ]);
    expect(await register({ type: 'integer' }, { compatibility: 'forward' })).toMatchObject({ version: 3 });
    // The same schema with another promise is another version of the record, and the same again is none.
    expect(await register({ type: 'integer' }, { compatibility: 'forward' })).toMatchObject({ version: 3 });
  });

  it('[SCH-1] has room for so many schemas and bytes of a tenant', async () => {
    const few = start({ schemasPerTenant: 1 });
    await few.register(text);
    await expect(few.register(text, { schemaId: 'other.v1' })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await few.register(text, { schemaId: 'other.v1', tenant: 'globex' })).toMatchObject({ version: 1 });
    expect(await few.register({ ...text, title: 'a text' })).toMatchObject({ version: 2 });
    const small = start({ schemaBytesPerTenant: 1_024 });
    const bulky = { ...text, title: Array.from({ length: 900 }, (_, i) => i.toString(36)).join(' ') };
    await expect(small.register(bulky)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it.each([
    [{ kind: 'avro' }],
    [{ kind: 'json', source: encode({ type: 'nothing' }) }],
    [{ kind: 'json', source: encode(text), compatibility: 'sideways' }],
    [undefined],
  ])('[SCH-5] refuses what is no schema: %j', async (candidate) => {
    const request = { tenant: 'acme', schemaId: 'text.v1', ...asked };
    const { call } = start();
    const registered = call('schemas.register', candidate === undefined ? request : { ...request, candidate });
    await expect(registered).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it.each([{ schemaId: 'a b' }, { tenant: '*' }, { requestedBy: 'ä' }])('[SPN-1] refuses %j', async (more) => {
    await expect(start().register(text, more)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[AUD-1] is audited before it is done, and not done where that cannot be', async () => {
    const { register, bind, call, rig, bucket } = start();
    await register(text);
    await bind('lab:*');
    rig.failure = new BusError('UNAVAILABLE');
    const entries = await bucket.list('');
    for (const change of [
      register({}),
      bind('lab:x'),
      call('schemas.unbind', { tenant: 'acme', pattern: 'lab:*', ...asked }),
    ]) {
      await expect(change).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    expect(await bucket.list('')).toEqual(entries);
  });
});

describe('the space of all tenants', () => {
  it('[SCH-1] is the operator’s to write, every tenant’s to read and bind, and stays while it is bound', async () => {
    const { register, bind, call } = start();
    await register(text, { tenant: '_system', requestedBy: '10.0.0.7' });
    await expect(register(text)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await call('schemas.get', { tenant: 'acme', schemaId: 'text.v1' })).toMatchObject({ shared: true });
    expect((await call('schemas.list', { tenant: 'acme' })).items).toMatchObject([
      { schemaId: 'text.v1', shared: true },
    ]);
    await bind('lab:*');
    const remove = { schemaId: 'text.v1', ...asked };
    expect(await call('schemas.delete', { tenant: 'acme', ...remove })).toMatchObject({ deleted: false });
    await expect(call('schemas.delete', { tenant: '_system', ...remove })).rejects.toMatchObject({ code: 'CONFLICT' });
    await call('schemas.unbind', { tenant: 'acme', pattern: 'lab:*', ...asked });
    expect(await call('schemas.delete', { tenant: '_system', ...remove })).toMatchObject({ deleted: true });
    expect((await call('schemas.list', { tenant: '_system' })).items).toEqual([]);
  });
});

describe('bindings', () => {
  it('[SCH-2] change over, are bounded and go', async () => {
    const { register, bind, call } = start({ schemaBindingsPerTenant: 2 });
    await expect(bind('lab:*')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await register(text);
    await Promise.all([bind('lab:*'), bind('attic:*')]);
    await bind('lab:*', { mode: 'warn' });
    await expect(bind('cellar:*')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    const { bindings } = await call('schemas.list', { tenant: 'acme' });
    expect(bindings.map(({ pattern, mode }) => `${pattern} ${mode}`).toSorted()).toEqual([
      'attic:* enforce',
      'lab:* warn',
    ]);
    await expect(call('schemas.delete', { tenant: 'acme', schemaId: 'text.v1', ...asked })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    for (const unbound of [true, false])
      expect(await call('schemas.unbind', { tenant: 'acme', pattern: 'lab:*', ...asked })).toMatchObject({ unbound });
  });

  it.each([[{ pattern: 'a b' }], [{ mode: 'strict' }], [{ schemaId: '*' }]])('[SPN-1] refuse %j', async (more) => {
    const { register, bind, call } = start();
    await register(text);
    await expect(bind('lab:*', more)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    await expect(call('schemas.bind', { tenant: 'acme', traceId: '' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
  });

  it('[SCH-2] are refused with CONFLICT where others are faster every time, and written anew where they cannot be read', async () => {
    const stored = createMemoryKeyValueStore().bucket('ARQON_SCHEMAS');
    const { register, bind, call } = start({}, stored);
    await register(text);
    await stored.create(schemaBindingsKey(acme), Uint8Array.of(0xff, 0xff));
    await bind('lab:*');
    expect((await call('schemas.list', { tenant: 'acme' })).bindings).toHaveLength(1);
    const rival = start({}, { ...delegate(stored), update: () => Promise.reject(new BusError('CONFLICT')) });
    await expect(rival.bind('lab:x')).rejects.toMatchObject({ code: 'CONFLICT' });
    const broken = start({}, { ...delegate(stored), update: () => Promise.reject(new BusError('UNAVAILABLE')) });
    await expect(broken.bind('lab:x')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

function delegate(bucket: KeyValue): KeyValue {
  return {
    get: (key) => bucket.get(key),
    list: (prefix) => bucket.list(prefix),
    watch: (prefix, onEntry) => bucket.watch(prefix, onEntry),
    create: (key, value) => bucket.create(key, value),
    update: (key, value, revision) => bucket.update(key, value, revision),
    delete: (key, revision) => bucket.delete(key, revision),
  };
}

describe('trying a schema', () => {
  it('[SCH-5] tells breaks and violations, and changes nothing', async () => {
    const { register, call, bucket } = start();
    await register(text);
    const before = await bucket.list('');
    const ask = { tenant: 'acme', schemaId: 'text.v1', payload: encode(7), contentType: '' };
    expect(await call('schemas.check', ask)).toMatchObject({
      breaks: [],
      violations: [{ path: '', change: 'must be string' }],
    });
    const candidate = { kind: 'json', source: encode({ type: 'number' }) };
    expect(await call('schemas.check', { ...ask, candidate })).toMatchObject({
      breaks: [{ path: '', change: 'the new version does not allow string' }],
      violations: [],
    });
    const fresh = await call('schemas.check', { tenant: 'acme', schemaId: 'new.v1', candidate });
    expect(fresh).toMatchObject({ breaks: [], violations: [] });
    await expect(call('schemas.check', { tenant: 'acme', schemaId: 'new.v1' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await bucket.list('')).toEqual(before);
  });
});

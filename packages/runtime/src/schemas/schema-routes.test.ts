import { BusError } from '@arqonbus/protocol';
import { createLocalSpine, serveBrain } from '@arqonbus/spine';
import type { BrainRequest } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createSchemaRoutes } from './schema-routes.ts';

interface Rig {
  readonly asked: (BrainRequest<'schemas.register'> | BrainRequest<'schemas.delete'>)[];
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
}

function start(breaks: readonly { readonly path: string; readonly change: string }[] = []): Rig {
  const spine = createLocalSpine();
  const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
  const asked: Rig['asked'] = [];
  serveBrain(
    spine,
    'schemas.register',
    async (request) => {
      asked.push(request);
      return { version: 3, digest: 'sha256:00', breaks: [...breaks] };
    },
    observer,
  );
  serveBrain(
    spine,
    'schemas.delete',
    async (request) => {
      asked.push(request);
      return { deleted: true };
    },
    observer,
  );
  const item = { schemaId: 'money.v1', version: { version: 2, kind: 'json', digest: 'sha256:11' } };
  serveBrain(spine, 'schemas.list', async () => ({ items: [item] }), observer);
  const routes = createSchemaRoutes('token', () => spine);
  return {
    asked,
    ask: async (method, path, body = '') => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return (await routes.handle({ method, path, body: text, remoteAddress: '10.0.0.7' })).body;
    },
  };
}

describe('the routes of shared schemas', () => {
  it('[SCH-1] register, list and delete in the space of all tenants, for an address', async () => {
    const { ask, asked } = start();
    const json = { kind: 'json', schema: { type: 'string' }, compatibility: 'full' };
    expect(await ask('PUT', '/schemas/money.v1', json)).toEqual({
      schema_id: 'money.v1',
      version: 3,
      digest: 'sha256:00',
    });
    const protobuf = { kind: 'protobuf', descriptor: 'AQI=', message: 'shop.v1.Money' };
    await ask('PUT', '/schemas/money.v1', protobuf);
    expect(await ask('DELETE', '/schemas/money.v1')).toEqual({ schema_id: 'money.v1', deleted: true });
    const by = { tenant: '_system', schemaId: 'money.v1', requestedBy: '10.0.0.7' };
    expect(asked).toMatchObject([
      {
        ...by,
        candidate: { kind: 'json', source: new TextEncoder().encode('{"type":"string"}'), compatibility: 'full' },
      },
      { ...by, candidate: { kind: 'protobuf', source: Uint8Array.of(1, 2), message: 'shop.v1.Money' } },
      by,
    ]);
    expect(await ask('GET', '/schemas')).toEqual({
      schemas: [{ schema_id: 'money.v1', version: 2, kind: 'json', digest: 'sha256:11' }],
    });
  });

  it('[SCH-3] tell what a version breaks', async () => {
    const { ask } = start([
      { path: 'a', change: 'the new version requires it' },
      { path: '', change: 'the new version does not allow string' },
    ]);
    const refused = ask('PUT', '/schemas/money.v1', { kind: 'json', schema: {} });
    await expect(refused).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(
        'a: the new version requires it; the whole: the new version does not allow string',
      ),
    });
  });

  it('[SCH-1] are UNAVAILABLE before the Spine is open', async () => {
    const { handle } = createSchemaRoutes('token', () => undefined);
    const request = { method: 'GET', path: '/schemas', body: '', remoteAddress: '' };
    await expect(handle(request)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([
    ['PUT', '/schemas', '{}'],
    ['PUT', '/schemas/money.v1', 'no JSON'],
    ['PUT', '/schemas/money.v1', '[]'],
    ['DELETE', '/schemas', ''],
    ['POST', '/schemas/money.v1', '{}'],
  ])('[SCH-1] refuse %s %s %j', async (method, path, body) => {
    await expect(start().ask(method, path, body)).rejects.toBeInstanceOf(BusError);
  });
});

import { AuditRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import { createLocalSpine, serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createAuditRoutes } from './audit-routes.ts';

const observer: RpcObserver = { onMalformed: () => undefined, onAnswered: () => undefined, onFailure: () => undefined };
const asked: unknown[] = [];

function createBrain(): Spine {
  const spine = createLocalSpine();
  const record = create(AuditRecordSchema, { seq: 1n, atMs: 1_772_357_400_000n, action: 'config.set', phase: 'done' });
  serveBrain(
    spine,
    'audit.list',
    async (request) => {
      asked.push({ ...request });
      return { items: [record], cursor: 'next' };
    },
    observer,
  );
  serveBrain(
    spine,
    'audit.verify',
    async ({ tenant, cursor }) => {
      const rest = cursor === '' ? 'more' : '';
      return { checked: 2, compared: 1, cursor: rest, seq: 4n, hash: tenant, brokenSeq: 0n, problem: '' };
    },
    observer,
  );
  return spine;
}

describe("the routes of the platform's audit chain", () => {
  const post = (path: string, body = '', spine: Spine | undefined = createBrain()): Promise<unknown> =>
    createAuditRoutes('token', () => spine).handle({ method: 'POST', path, body, remoteAddress: '127.0.0.1' });

  it('[AUD-2] list it page by page', async () => {
    const body = JSON.stringify({ since: '2026-03-01T09:30:00.000Z', action: 'config.set', limit: 5, cursor: 'a' });
    expect(await post('/audit/list', body)).toMatchObject({
      status: 200,
      body: {
        items: [{ seq: 1, at: '2026-03-01T09:30:00.000Z', action: 'config.set', phase: 'done' }],
        cursor: 'next',
      },
    });
    expect(asked.at(-1)).toMatchObject({ tenant: '_system', sinceMs: 1_772_357_400_000n, untilMs: 0n, limit: 5 });
  });

  it('[AUD-2] verify all of it', async () => {
    const verdict = { ok: true, checked: 4, compared: 2, last_seq: 4, last_hash: '_system' };
    expect(await post('/audit/verify')).toEqual({ status: 200, body: verdict });
  });

  it.each([
    ['/audit/list', '[]'],
    ['/audit/list', '{'],
    ['/audit/list', '{"since": "yesterday"}'],
    ['/audit/list', '{"until": 5}'],
    ['/audit/list', '{"limit": 1001}'],
    ['/audit/list', '{"limit": 1.5}'],
    ['/audit/list', '{"action": {}}'],
  ])('[PRT-10] refuse %s with %s', async (path, body) => {
    await expect(post(path, body)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[PRT-10] are two, for POST alone, and wait for the Spine', async () => {
    await expect(post('/audit')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const request = { method: 'GET', path: '/audit/list', body: '', remoteAddress: '' };
    await expect(createAuditRoutes('t', createBrain).handle(request)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    await expect(createAuditRoutes('t', () => undefined).handle(request)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });
});

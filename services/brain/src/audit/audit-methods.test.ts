import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';
import { createMemoryAuditTrail } from '@arqonbus/spine';
import type { AuditTrail } from '@arqonbus/spine';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBrainFixture, present } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';
import { make } from '../testing/channel-calls.ts';
import { REPLAYS_PER_MINUTE } from './replay-allowance.ts';

const HOUR_MS = 3_600_000n;
let fixture: BrainFixture;
let failure: BusError | undefined;

beforeEach(async () => {
  failure = undefined;
  const trail = createMemoryAuditTrail({ maxBytes: 1_048_576 });
  const append: AuditTrail['append'] = async (...args) => {
    if (failure !== undefined) throw failure;
    return trail.append(...args);
  };
  fixture = await createBrainFixture({ auditTrail: { ...trail, append } });
  await fixture.report('n1', present('acme', 'n1_a', 'mallory', 'lab:bench'));
});

async function recordsOf(tenant: string, more = {}): Promise<AuditRecord[]> {
  return (await fixture.call('audit.list', { tenant, limit: 1_000, ...more })).items;
}

const trace = { requestedBy: 'alice', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' };

describe('what is audited', () => {
  it('[AUD-1] [AUT-5] disconnects and bans, with the states before and after', async () => {
    const ban = { tenant: 'acme', user: 'mallory', reason: 'spam', banForMs: HOUR_MS, ...trace };
    await fixture.call('bans.disconnect', { ...ban, banForMs: 0n });
    await fixture.call('bans.disconnect', ban);
    await fixture.call('bans.disconnect', { ...ban, banForMs: 2n * HOUR_MS });
    const records = await recordsOf('acme');
    const common = { actor: 'user:alice', action: 'op.session.disconnect', target: 'user:mallory' };
    expect(records).toMatchObject([
      { ...common, phase: 'intent', before: '', after: '', traceId: trace.traceId },
      { ...common, phase: 'done', before: '', after: '' },
      { ...common, phase: 'intent', before: '', after: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      { ...common, phase: 'done', intentSeq: 3n },
      { ...common, phase: 'intent', before: records[3]?.after },
      { ...common, phase: 'done' },
    ]);
    expect(JSON.parse(records[2]?.details ?? '')).toEqual({
      user: 'mallory',
      reason: 'spam',
      sessions: 1,
      ban_for_ms: 3_600_000,
    });
    const one = { tenant: 'acme', clientId: 'n1_a', ...trace };
    await fixture.call('bans.disconnect', one);
    expect((await recordsOf('acme')).at(-1)).toMatchObject({ target: 'client:n1_a', phase: 'done' });
  });

  it('[AUD-1] lifted bans, where there was one', async () => {
    await fixture.call('bans.lift', { tenant: 'acme', user: 'mallory', ...trace });
    expect(await recordsOf('acme')).toEqual([]);
    await fixture.call('bans.disconnect', { tenant: 'acme', user: 'mallory', banForMs: HOUR_MS, ...trace });
    await fixture.call('bans.lift', { tenant: 'acme', user: 'mallory', ...trace });
    const records = await recordsOf('acme', { action: 'op.ban.lift' });
    const state = { before: expect.stringMatching(/^sha256:/), after: '', target: 'user:mallory' };
    expect(records).toMatchObject([
      { ...state, phase: 'intent' },
      { ...state, phase: 'done' },
    ]);
  });

  it('[AUD-1] deleted channels, and why one was not', async () => {
    await make(fixture, 'acme', 'lab:old');
    const remove = (channel: string) =>
      fixture.call('channels.delete', { tenant: 'acme', room: 'lab', channel, ...trace });
    await remove('old');
    await expect(remove('bench')).rejects.toMatchObject({ code: 'CHANNEL_NOT_EMPTY' });
    expect(await recordsOf('acme', { action: 'delete_channel' })).toMatchObject([
      { phase: 'intent', target: 'channel:lab:old', before: expect.stringMatching(/^sha256:/) },
      { phase: 'done', target: 'channel:lab:old', after: '' },
      { phase: 'intent', target: 'channel:lab:bench' },
      { phase: 'failed', details: '{"code":"CHANNEL_NOT_EMPTY"}' },
    ]);
  });

  it('[AUD-1] [CFG-1] settings of run time, in the chain of the platform', async () => {
    const setting = { key: 'limits.history_page', value: '7', changedBy: '198.51.100.7' };
    await fixture.call('settings.set', setting);
    await fixture.call('settings.reset', setting);
    await fixture.call('settings.reset', setting);
    const common = { actor: 'operator:198.51.100.7', target: 'setting:limits.history_page' };
    const records = await recordsOf(SYSTEM_TENANT);
    expect(records).toMatchObject([
      { ...common, action: 'config.set', phase: 'intent', before: '', details: '{"value":"7"}' },
      { ...common, action: 'config.set', phase: 'done' },
      { ...common, action: 'config.reset', phase: 'intent', before: records[1]?.after, after: '' },
      { ...common, action: 'config.reset', phase: 'done' },
    ]);
  });

  it('[AUD-1] replays, which a Shield carries out', async () => {
    const replay = { tenant: 'acme', room: 'lab', channel: 'bench', ...trace };
    const { intentSeq } = await fixture.call('audit.begin_replay', { ...replay, window: '{"from_seq":1}' });
    await fixture.call('audit.end_replay', { ...replay, intentSeq, count: 3n, hash: 'sha256:ab' });
    await fixture.call('audit.end_replay', { ...replay, intentSeq, errorCode: 'TIMEOUT' });
    const common = { action: 'op.history.replay', target: 'channel:lab:bench', actor: 'user:alice' };
    expect(await recordsOf('acme')).toMatchObject([
      { ...common, phase: 'intent', details: '{"window":"{\\"from_seq\\":1}"}' },
      { ...common, phase: 'done', intentSeq, details: '{"count":3,"hash":"sha256:ab"}' },
      { ...common, phase: 'failed', intentSeq, details: '{"code":"TIMEOUT"}' },
    ]);
  });

  it('[PRD-5] replays, as many a minute as a tenant may ask for', async () => {
    const begin = (tenant: string) =>
      fixture.call('audit.begin_replay', { tenant, room: 'lab', channel: 'bench', ...trace });
    for (let i = 0; i < REPLAYS_PER_MINUTE; i++) await begin('acme');
    await expect(begin('acme')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await begin('globex');
    await fixture.pass(60_000);
    await begin('acme');
    expect(await recordsOf('acme')).toHaveLength(REPLAYS_PER_MINUTE + 1);
  });

  it('[AUD-3] refused tokens, one record a reason, in the chain of the platform', async () => {
    const refusals = [
      { reason: 'expired', count: 12_000n },
      { reason: 'unknown_key', count: 1n },
    ];
    await fixture.call('audit.refusals', { node: 'n1', sinceMs: 1_750_000_000_000n, refusals });
    const common = { phase: 'note', actor: 'system', action: 'auth.refused' };
    expect(await recordsOf(SYSTEM_TENANT)).toMatchObject([
      { ...common, target: 'reason:expired', details: '{"count":12000,"node":"n1","since_ms":1750000000000}' },
      { ...common, target: 'reason:unknown_key' },
    ]);
    const bad = { node: 'n1', refusals: [{ reason: 'A "secret" token', count: 1n }] };
    await expect(fixture.call('audit.refusals', bad)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(await recordsOf(SYSTEM_TENANT)).toHaveLength(2);
  });
});

describe('while the trail cannot be written', () => {
  it('[AUD-2] no governance action is done, and what only reads goes on', async () => {
    const ban = { tenant: 'acme', user: 'mallory', banForMs: HOUR_MS, ...trace };
    await fixture.call('bans.disconnect', ban);
    await make(fixture, 'acme', 'lab:old');
    await fixture.call('settings.set', { key: 'limits.history_page', value: '7', changedBy: '198.51.100.7' });
    const stored = async () =>
      Promise.all(
        (['ARQON_BANS', 'ARQON_CHANNELS', 'ARQON_SETTINGS'] as const).map((name) =>
          fixture.keyValue.bucket(name).list(''),
        ),
      );
    const before = await stored();
    failure = new BusError('UNAVAILABLE');
    const channel = { tenant: 'acme', room: 'lab', channel: 'old', ...trace };
    const actions = [
      fixture.call('bans.disconnect', { ...ban, user: 'eve' }),
      fixture.call('bans.lift', { tenant: 'acme', user: 'mallory', ...trace }),
      fixture.call('channels.delete', channel),
      fixture.call('settings.set', { key: 'limits.history_page', value: '8', changedBy: '198.51.100.7' }),
      fixture.call('settings.reset', { key: 'limits.history_page', changedBy: '198.51.100.7' }),
      fixture.call('audit.begin_replay', channel),
    ];
    for (const outcome of await Promise.allSettled(actions)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
    }
    expect(await stored()).toEqual(before);
    expect((await fixture.call('bans.list', { tenant: 'acme' })).items).toHaveLength(1);
    await make(fixture, 'acme', 'lab:new');
  });
});

describe('audit.list and verify', () => {
  const disconnect = (user: string, tenant = 'acme') => fixture.call('bans.disconnect', { tenant, user, ...trace });

  it('[PRT-22] pages, with a window and an action', async () => {
    for (let i = 0; i < 12; i++) await disconnect(`user-${i}`);
    const seen: bigint[] = [];
    let cursor = '';
    do {
      const page = await fixture.call('audit.list', { tenant: 'acme', limit: 5, cursor });
      expect(page.items.length).toBeLessThanOrEqual(5);
      seen.push(...page.items.map(({ seq }) => seq));
      ({ cursor } = page);
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: 24 }, (_, i) => BigInt(i + 1)));
    expect(await recordsOf('acme', { action: 'op.ban.lift' })).toEqual([]);
    const sinceMs = BigInt(fixture.now());
    await fixture.pass(10_000);
    await disconnect('late');
    expect(await recordsOf('acme', { sinceMs: sinceMs + 1n })).toHaveLength(2);
    expect(await recordsOf('acme', { untilMs: sinceMs + 1n })).toHaveLength(24);
    for (const bad of ['UPPER', 'x'.repeat(12), '-1']) {
      const call = fixture.call('audit.list', { tenant: 'acme', cursor: bad });
      await expect(call).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    }
  });

  it('[PRD-4] tell nothing of another tenant', async () => {
    await disconnect('mallory');
    await disconnect('bob', 'globex');
    expect((await recordsOf('acme')).every(({ tenant }) => tenant === 'acme')).toBe(true);
    expect(await fixture.call('audit.verify', { tenant: 'globex' })).toMatchObject({ checked: 2, problem: '' });
    await expect(fixture.call('audit.verify', { tenant: '*' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    const cursor = { tenant: 'acme', cursor: '1.2.3' };
    await expect(fixture.call('audit.verify', cursor)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[AUD-2] O-15: a chain that lost its tail is told within a minute, by a figure', async () => {
    const trail = createMemoryAuditTrail({ maxBytes: 1_048_576 });
    let isCut = false;
    const read: AuditTrail['read'] = async (...args) => (isCut ? [] : trail.read(...args));
    fixture = await createBrainFixture({ auditTrail: { ...trail, read } });
    await disconnect('mallory');
    await fixture.brain.sweep();
    expect(fixture.brain.figures().brokenAuditChains).toBe(0);
    isCut = true;
    await fixture.pass(60_000);
    await fixture.brain.sweep();
    expect(fixture.brain.figures().brokenAuditChains).toBe(1);
    expect(await fixture.call('audit.verify', { tenant: 'acme' })).toMatchObject({
      brokenSeq: 1n,
      problem: 'truncated',
    });
  });
});

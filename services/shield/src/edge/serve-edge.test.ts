import { createLiveSettings, parseConfig } from '@arqonbus/config';
import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { Envelope, TenantId } from '@arqonbus/protocol';
import {
  BanRecordSchema,
  EdgeRequestSchema,
  EdgeResultSchema,
  GrantSetRecordSchema,
  create,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import { openLocalSpine } from '@arqonbus/runtime';
import {
  banKey,
  callMethod,
  channelOut,
  commandAtEdge,
  deadlineIn,
  grantKey,
  publishAtEdge,
  rpc,
} from '@arqonbus/spine';
import type { EdgeMessage, EdgeOutcome, EdgePrincipal } from '@arqonbus/spine';
import { createLogger, createMetrics } from '@arqonbus/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeDelivery } from '../delivery/decode-delivery.ts';
import { createWsListener } from '../listener/ws/ws-listener.ts';
import { payloadOf } from '../session/session-rig.ts';
import { startShield } from '../start-shield.ts';

const principal: EdgePrincipal = {
  tenant: 'acme',
  user: 'bob',
  role: 'user',
  permissions: [],
  capabilities: [],
  name: '',
};
const acme = 'acme' as TenantId;

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A Shield on a Spine of this process, with no Brain beside it. */
async function createRig(env: Readonly<Record<string, string>> = {}) {
  const { config } = parsed({ ARQONBUS_SERVER_PORT: '0', ARQONBUS_TELEMETRY_PORT: '0', ...env });
  const logger = createLogger({ level: 'fatal', destination: process.stderr });
  const parts = openLocalSpine(config, logger);
  const { spine, keyValue } = parts;
  const shield = await startShield(createLiveSettings(config), {
    ...parts,
    metrics: createMetrics(),
    logger,
    listener: createWsListener,
    authenticator: { authenticate: async () => ({ ok: false, code: 'UNAVAILABLE', reason: 'none' }) },
  });
  stops.push(async () => {
    await shield.close();
    await spine.close();
  });
  const heard: Envelope[] = [];
  for (const channel of ['general', 'explore']) {
    spine.subscribe(channelOut(acme, 'science', channel), ({ data }) => {
      const envelope = decodeDelivery(data);
      if (envelope !== undefined) heard.push(envelope);
    });
  }
  return {
    spine,
    shield,
    heard,
    publish: (messages: readonly EdgeMessage[], who: Partial<EdgePrincipal> = {}) =>
      publishAtEdge(spine, { principal: { ...principal, ...who }, sender: 'op-cron', messages }, deadlineIn(5_000)),
    command: (command: string, args: object) =>
      commandAtEdge(
        spine,
        { principal, sender: 'bridge', messages: [{ envelope: { type: 'command', command, args: json(args) } }] },
        deadlineIn(5_000),
      ),
    ban: async (user: string) => {
      const record = create(BanRecordSchema, { user });
      await keyValue.bucket('ARQON_BANS').create(banKey(acme, user), toBinary(BanRecordSchema, record));
    },
    deny: async (user: string, action: string, pattern: string) => {
      const grants = [{ subject: `user:${user}`, action, pattern, deny: true }];
      const set = toBinary(GrantSetRecordSchema, create(GrantSetRecordSchema, { version: 1n, grants }));
      await keyValue.bucket('ARQON_GRANTS').create(grantKey(acme, `user:${user}`), set);
    },
  };
}

function parsed(env: Readonly<Record<string, string>>) {
  const result = parseConfig({ env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function event(payload: unknown, more: Partial<Envelope> = {}): EdgeMessage {
  return { envelope: { room: 'science', channel: 'general', payload: json(payload), ...more } };
}

const codes = (outcomes: readonly EdgeOutcome[]): readonly string[] =>
  outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code));

describe('publishing without a connection', () => {
  it('[ARC-15] [SAF-3] stores and delivers what the service publishes, as its sender and with what it says', async () => {
    const { publish, heard } = await createRig();
    const job = { cron_job_id: 'cj_1', iteration: 7, scheduled_at: '2026-03-01T09:30:00.000Z' };
    const [outcome] = await publish([{ ...event({ tick: 1 }, { id: 'arq_cron_cj_1_7' }), metadata: job }]);
    expect(outcome).toMatchObject({ ok: true, id: 'arq_cron_cj_1_7', payload: { seq: expect.any(Number) } });
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    expect(heard).toMatchObject([{ id: 'arq_cron_cj_1_7', sender: 'op-cron', type: 'event', ack: false }]);
    expect(heard.map(payloadOf)).toEqual([{ tick: 1 }]);
    const metadata: unknown = JSON.parse(new TextDecoder().decode(heard[0]?.metadata));
    expect(metadata).toEqual({ ...job, tenant_id: 'acme' });
  });

  it('[LOG-5] [ARC-15] stores an id once, and says so', async () => {
    const { publish, heard } = await createRig();
    const [first] = await publish([event({ n: 1 }, { id: 'arq_order_0001' })]);
    const [again] = await publish([event({ n: 1 }, { id: 'arq_order_0001' })]);
    expect(again).toMatchObject({ ok: true, payload: { ...(first?.ok ? first.payload : {}), duplicate: true } });
    await publish([event({ n: 2 })]);
    await vi.waitFor(() => expect(heard.map(payloadOf)).toEqual([{ n: 1 }, { n: 2 }]));
  });

  it('[ARC-15] answers each message of a request for itself, in their order', async () => {
    const { publish, heard } = await createRig();
    const outcomes = await publish([
      event({ n: 1 }),
      event({ n: 2 }, { room: '' }),
      event({ n: 3 }, { channel: 'explore', id: 'short' }),
      event({ n: 4 }),
      event({ n: 5 }, { payload: new Uint8Array(70_000) }),
      event({ n: 6 }, { type: 'command', command: 'ping' }),
    ]);
    const expected = ['ok', 'VALIDATION_ERROR', 'VALIDATION_ERROR', 'ok', 'PAYLOAD_TOO_LARGE', 'UNKNOWN_TYPE'];
    expect(codes(outcomes)).toEqual(expected);
    await vi.waitFor(() => expect(heard.map(payloadOf)).toEqual([{ n: 1 }, { n: 4 }]));
  });

  it('[PRT-16] [PRM-3] has the rights of who it is for, as they are now, and nobody else’s', async () => {
    const { publish, deny } = await createRig();
    const narrow = [{ action: 'publish', pattern: 'science:explore', effect: 'allow' }];
    expect(codes(await publish([event(1)], { role: 'guest' }))).toEqual(['AUTHORIZATION_ERROR']);
    const explore = event(1, { channel: 'explore' });
    expect(codes(await publish([event(1), explore], { role: 'guest', permissions: narrow }))).toEqual([
      'AUTHORIZATION_ERROR',
      'ok',
    ]);
    await deny('bob', 'join', 'science:explore');
    expect(codes(await publish([event(1), explore]))).toEqual(['ok', 'NOT_SUBSCRIBED']);
    expect(codes(await publish([explore], { tenant: 'globex' }))).toEqual(['ok']);
  });

  it('[AUT-5] is refused for who is banned, and for nobody else', async () => {
    const { publish, ban } = await createRig();
    await ban('bob');
    await expect(publish([event(1)])).rejects.toMatchObject({ code: 'BANNED' });
    expect(codes(await publish([event(1)], { user: 'ann' }))).toEqual(['ok']);
    expect(codes(await publish([event(1)], { tenant: 'globex' }))).toEqual(['ok']);
  });

  it('[PRT-23] is held to the limits of the tenant', async () => {
    const { publish } = await createRig({ ARQONBUS_LIMITS_MESSAGES_PER_TENANT_PER_SECOND: '4' });
    const outcomes = await publish(Array.from({ length: 100 }, (_, n) => event(n)));
    const refused = outcomes.filter((outcome) => !outcome.ok);
    expect(refused.length).toBeGreaterThan(90);
    expect(refused[0]).toMatchObject({ code: 'RATE_LIMITED', details: { retry_after_ms: expect.any(Number) } });
    expect(codes(await publish([event(1)], { tenant: 'globex' }))).toEqual(['ok']);
  });

  it('[PRT-19] [ARC-15] keeps the order of a lane where the limit of the tenant lets only a part through', async () => {
    const { publish, heard } = await createRig({ ARQONBUS_LIMITS_MESSAGES_PER_TENANT_PER_SECOND: '40' });
    const all = Array.from({ length: 50 }, (_, n) => ({ ...event(n, { id: `arq_lane_${1_000 + n}` }), lane: 'one' }));
    let left = all;
    while (left.length > 0) {
      const outcomes = await publish(left);
      const through = codes(outcomes).indexOf('RATE_LIMITED');
      const taken = through < 0 ? left.length : through;
      expect(codes(outcomes.slice(0, taken))).toEqual(left.slice(0, taken).map(() => 'ok'));
      expect(codes(outcomes.slice(taken + 1)).every((code) => code === 'UNAVAILABLE')).toBe(true);
      left = left.slice(taken);
    }
    await vi.waitFor(() => expect(heard.map(payloadOf)).toEqual(all.map((_, n) => n)));
  });

  it.each([
    ['a client for a sender', { sender: 'n0a1_b2c3' }],
    ['no name for a sender', { sender: 'op cron' }],
    ['nobody', { principal: undefined }],
    ['a tenant that is none', { principal: { tenantId: 'a.>', user: 'bob' } }],
    ['a role that is none', { principal: { tenantId: 'acme', user: 'bob', role: 'root' } }],
    [
      'too much',
      { messages: Array.from({ length: 101 }, () => ({ envelope: encodeProtoEnvelope(createEnvelope('event')) })) },
    ],
  ])('[PRD-6] is refused for %s', async (_what, wrong) => {
    const { spine } = await createRig();
    const request = { principal: { tenantId: 'acme', user: 'bob' }, sender: 'op-cron', messages: [], ...wrong };
    const asked = callMethod(
      spine,
      rpc('edge', 'publish'),
      EdgeRequestSchema,
      request,
      EdgeResultSchema,
      deadlineIn(5_000),
    );
    await expect(asked).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[ARC-5] is UNAVAILABLE where no Shield serves', async () => {
    const { publish, shield } = await createRig();
    await shield.close();
    await expect(publish([event(1)])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('commands without a connection', () => {
  it('[BRG-1] are answered as a session’s are', async () => {
    const { command } = await createRig();
    expect(await command('ping', {})).toMatchObject([{ ok: true, payload: { pong: true } }]);
    expect(codes(await command('op.ban.list', {}))).toEqual(['AUTHORIZATION_ERROR']);
    expect(await command('nonsense', {})).toMatchObject([{ ok: false, code: 'UNKNOWN_COMMAND' }]);
    expect(codes(await command('history', { room: 7 }))).toEqual(['VALIDATION_ERROR']);
  });

  it('[LOG-19] read what was published', async () => {
    const { publish, command } = await createRig();
    await publish([event({ n: 1 }), event({ n: 2 })]);
    const [page] = await command('history', { room: 'science', channel: 'general' });
    expect(page).toMatchObject({ ok: true, payload: { publications: [{ payload: { n: 1 } }, { payload: { n: 2 } }] } });
  });

  // What it began would never end: nobody closes what is no connection.
  it.each([
    'join_channel',
    'leave_channel',
    'set_status',
    'resume',
    'refresh',
    'op.history.replay',
    'op.store.watch',
    'op.store.unwatch',
    'operator.join',
    'operator.leave',
  ])('[BRG-1] [PRD-5] refuse %s, which is about a connection', async (name) => {
    const { command } = await createRig();
    expect(codes(await command(name, {}))).toEqual(['FEATURE_DISABLED']);
  });
});

import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import { create, BanRecordSchema } from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import { askHandshake, createHandshakeRig, refusalOf, testUpgradeOfBrowser } from './handshake-rig.ts';
import { createHandshake } from './handshake.ts';
import { createTestPrincipal, createTestSession } from './session-rig.ts';
import { Session } from './session.ts';

describe('an accepted handshake', () => {
  it('[PRT-2] makes a session of the token’s principal and the client’s description', async () => {
    const rig = createHandshakeRig();
    const decision = await askHandshake(rig, { remoteAddress: '10.0.0.7', forwardedFor: '198.51.100.4' });
    expect(decision).toMatchObject({ accept: true, protocol: 'arqon.v1.json' });
    const session = decision.accept ? decision.data : undefined;
    expect(session).toBeInstanceOf(Session);
    expect(session).toMatchObject({
      tenant: 'acme',
      format: 'json',
      defaultRoom: 'science',
      defaultChannel: 'general',
      remoteIp: '198.51.100.4',
      closesAtMs: 1_000 + DEFAULT_LIMITS.maxConnectionLifeMs,
    });
    expect(rig.tokens).toEqual(['good']);
    expect(rig.refused).toEqual([]);
  });

  it('[PRT-2] takes nothing that would have to be given back', async () => {
    const rig = createHandshakeRig();
    await askHandshake(rig);
    expect(rig.options.sessions.size()).toBe(0);
    expect(rig.options.tenantStates.of('acme').connections).toBe(0);
  });

  it.each([
    [0, 0.9],
    [1, 1.1],
  ])('[PRT-27] spreads the ends of long connections: random %d is %d lives', async (random, lives) => {
    const decision = await askHandshake(createHandshakeRig({ random: () => random }));
    const closesAtMs = decision.accept && decision.data.kind === 'session' ? decision.data.closesAtMs : 0;
    expect(closesAtMs).toBeCloseTo(1_000 + lives * DEFAULT_LIMITS.maxConnectionLifeMs, 0);
  });

  it('[PRT-2] N-01: lets in clients without an origin, and listed origins', async () => {
    const rig = createHandshakeRig({ allowedOrigins: ['https://app.example'] });
    expect(refusalOf(await askHandshake(rig))).toBe('accepted');
    expect(refusalOf(await askHandshake(rig, { origin: 'https://app.example' }))).toBe('accepted');
  });
});

describe('a refused handshake', () => {
  it.each([
    'http://app.example',
    'https://app.example.evil',
    'https://evil-app.example',
    'https://app.example:8443',
    'https://APP.example',
    'null',
  ])('[PRT-2] N-01: of origin %s is 403, and no token is looked at', async (origin) => {
    const rig = createHandshakeRig({ allowedOrigins: ['https://app.example'] });
    expect(refusalOf(await askHandshake(rig, { origin }))).toEqual({ status: 403, code: 'AUTHORIZATION_ERROR' });
    expect(rig.tokens).toEqual([]);
    expect(rig.refused).toEqual(['origin']);
  });

  it('[DPL-3] while draining is 503 with Retry-After, before anything else', async () => {
    const rig = createHandshakeRig({ allowedOrigins: ['https://app.example'] });
    rig.isDraining = true;
    const decision = await askHandshake(rig, { origin: 'https://evil.example' });
    expect(refusalOf(decision)).toEqual({ status: 503, code: 'UNAVAILABLE' });
    expect(!decision.accept && decision.headers['retry-after']).toBe('1');
    expect(rig.refused).toEqual(['draining']);
  });

  it('[PRT-23] A-15: of an address that tries too often is 429, and no token is looked at', async () => {
    const rig = createHandshakeRig();
    for (let i = 0; i < 50; i++) await askHandshake(rig);
    rig.tokens.length = 0;
    expect(refusalOf(await askHandshake(rig))).toEqual({ status: 429, code: 'RATE_LIMITED' });
    expect(rig.tokens).toEqual([]);
    expect(refusalOf(await askHandshake(rig, { remoteAddress: '203.0.113.10' }))).toBe('accepted');
  });

  it('[PRT-23] of a full Shield is 503 with Retry-After', async () => {
    const limits = { ...DEFAULT_LIMITS, newConnectionsPerSecond: 1, connectQueueMs: 0 };
    const rig = createHandshakeRig({ limits });
    await askHandshake(rig);
    const decision = await askHandshake(rig);
    expect(refusalOf(decision)).toEqual({ status: 503, code: 'UNAVAILABLE' });
    expect(rig.refused).toEqual(['full']);
  });

  it('[PRT-2] without a token is 401', async () => {
    const rig = createHandshakeRig();
    expect(refusalOf(await askHandshake(rig, { authorization: '' }))).toEqual({
      status: 401,
      code: 'AUTHENTICATION_FAILED',
    });
    expect(rig.tokens).toEqual([]);
    expect(rig.refused).toEqual(['no_token']);
  });

  it.each([
    ['AUTHENTICATION_FAILED', 401],
    ['TOKEN_EXPIRED', 401],
    ['UNAVAILABLE', 503],
  ] as const)('[AUT-6] of a token that is %s is %i, and fails closed', async (code, status) => {
    const rig = createHandshakeRig();
    rig.answer = { ok: false, code, reason: 'signature' };
    const decision = await askHandshake(rig);
    expect(refusalOf(decision)).toEqual({ status, code });
    expect(!decision.accept && decision.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
    expect(rig.refused).toEqual(['token_signature']);
  });

  it('[AUT-5] of a banned user is 403 and tells until when', async () => {
    const rig = createHandshakeRig();
    rig.ban = create(BanRecordSchema, { user: 'ada', untilMs: BigInt(Date.UTC(2026, 2, 2)) });
    const decision = await askHandshake(rig);
    expect(refusalOf(decision)).toEqual({ status: 403, code: 'BANNED' });
    expect(!decision.accept && JSON.parse(decision.body)).toMatchObject({
      details: { until: '2026-03-02T00:00:00.000Z' },
    });
    rig.ban = create(BanRecordSchema, { user: 'ada' });
    const forEver = await askHandshake(rig);
    expect(!forEver.accept && JSON.parse(forEver.body)).toMatchObject({ details: {} });
  });

  it('[SPN-6] of anybody is 503 while the bans are not known', async () => {
    const rig = createHandshakeRig();
    rig.knowsBans = false;
    expect(refusalOf(await askHandshake(rig))).toEqual({ status: 503, code: 'UNAVAILABLE' });
    expect(rig.refused).toEqual(['spine']);
    rig.knowsBans = true;
    expect((await askHandshake(rig)).accept).toBe(true);
  });

  it('[PRT-27] of a user or tenant whose connections are at other Shields is 429', async () => {
    const rig = createHandshakeRig({ limits: { ...DEFAULT_LIMITS, connectionsPerUser: 3, connectionsPerTenant: 8 } });
    const { answer } = rig;
    if (!answer.ok) throw new Error('no principal');
    const state = rig.options.tenantStates.of(answer.principal.tenant);
    state.usersElsewhere = new Map([[answer.principal.user, 2]]);
    expect((await askHandshake(rig)).accept).toBe(true);
    state.usersElsewhere = new Map([[answer.principal.user, 3]]);
    expect(refusalOf(await askHandshake(rig))).toEqual({ status: 429, code: 'QUOTA_EXCEEDED' });
    state.usersElsewhere = new Map();
    state.connectionsElsewhere = 8;
    expect(refusalOf(await askHandshake(rig))).toEqual({ status: 429, code: 'QUOTA_EXCEEDED' });
  });

  it('[PRT-27] of a user with all its connections is 429', async () => {
    const rig = createHandshakeRig({ limits: { ...DEFAULT_LIMITS, connectionsPerUser: 1 } });
    rig.options.sessions.add(createTestSession().session);
    expect(refusalOf(await askHandshake(rig))).toEqual({ status: 429, code: 'QUOTA_EXCEEDED' });
    expect(rig.refused).toEqual(['user_connections']);
  });

  it('[PRT-27] of a tenant with all its connections is 429, and other tenants are let in', async () => {
    const rig = createHandshakeRig({ limits: { ...DEFAULT_LIMITS, connectionsPerTenant: 7 } });
    rig.options.tenantStates.of('acme').connections = 7;
    expect(refusalOf(await askHandshake(rig))).toEqual({ status: 429, code: 'QUOTA_EXCEEDED' });
    expect(rig.refused).toEqual(['tenant_connections']);
    rig.answer = { ok: true, principal: createTestPrincipal({ tenant: 'globex' }, rig.options.clock.now()) };
    expect(refusalOf(await askHandshake(rig))).toBe('accepted');
  });

  it('[PRT-3] of a malformed description is 400 and names the field', async () => {
    const rig = createHandshakeRig();
    const decision = await askHandshake(rig, { query: 'client_type=root' });
    expect(refusalOf(decision)).toEqual({ status: 400, code: 'VALIDATION_ERROR' });
    expect(!decision.accept && JSON.parse(decision.body)).toMatchObject({
      details: { errors: [{ field: 'client_type' }] },
    });
  });

  it('[PRT-1] of unknown subprotocols is 400', async () => {
    const rig = createHandshakeRig();
    expect(refusalOf(await askHandshake(rig, { protocols: ['mqtt'] }))).toEqual({
      status: 400,
      code: 'VALIDATION_ERROR',
    });
    expect(rig.refused).toEqual(['protocol']);
  });

  it('[PRT-2] of a browser is told after the upgrade, in the format that it asked for', async () => {
    const rig = createHandshakeRig();
    rig.answer = { ok: false, code: 'TOKEN_EXPIRED', reason: 'expired' };
    const decision = await createHandshake(rig.options)(testUpgradeOfBrowser);
    expect(decision).toEqual({
      accept: true,
      protocol: 'arqon.v1.proto',
      data: { kind: 'refused', format: 'proto', code: 'TOKEN_EXPIRED', details: {} },
    });
  });

  it('[PRT-2] never repeats the token', async () => {
    const rig = createHandshakeRig({ queryToken: true });
    rig.answer = { ok: false, code: 'AUTHENTICATION_FAILED', reason: 'signature' };
    const secret = 'eyJhbGciOiJFUzI1NiJ9.c2VjcmV0.c2ln';
    for (const request of [
      { authorization: `Bearer ${secret}` },
      { authorization: '', query: `token=${secret}` },
      { authorization: '', protocols: ['arqon.v1.json', `bearer.${secret}`] },
    ]) {
      expect(JSON.stringify([await askHandshake(rig, request), rig.refused])).not.toContain(secret);
    }
    expect(rig.tokens).toEqual([secret, secret, secret]);
  });
});

import { createRights } from '@arqonbus/auth';
import type { Permission, Role } from '@arqonbus/auth';
import type { Envelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createTestIngress, createTestOrigin } from '../ingress-rig.ts';
import type { Verdict } from '../verdict.ts';
import { createAuthorizeStage } from './authorize-stage.ts';

const stage = createAuthorizeStage();

interface Who {
  readonly role?: Role;
  readonly permissions?: readonly Permission[];
  readonly subscribed?: readonly string[];
}

function check(fields: Partial<Envelope>, { role = 'user', permissions = [], subscribed = [] }: Who = {}): Verdict {
  const origin = createTestOrigin({
    rights: createRights(role, permissions, { accessDefault: 'open' }),
    isSubscribed: (room, channel) => subscribed.includes(`${room}:${channel}`),
  });
  return stage.check(createTestIngress(fields, origin));
}

const general = { room: 'science', channel: 'general' };
const subscribed = ['science:general', 'science:*'];

describe('publishing', () => {
  it('[PRT-16] needs a subscription and the right', () => {
    expect(check(general, { subscribed }).kind).toBe('allow');
    expect(check(general)).toMatchObject({ code: 'NOT_SUBSCRIBED' });
    expect(check(general, { role: 'guest', subscribed })).toMatchObject({
      code: 'AUTHORIZATION_ERROR',
      reason: 'publish',
    });
  });

  it('[PRT-16] needs no subscription where a grant allows it', () => {
    const permissions = [{ action: 'publish', pattern: 'science:gen*', effect: 'allow' } as const];
    expect(check(general, { permissions }).kind).toBe('allow');
    expect(check({ room: 'art', channel: 'general' }, { permissions })).toMatchObject({ code: 'NOT_SUBSCRIBED' });
  });

  it('[PRT-16] is not opened by the role of an administrator alone', () => {
    expect(check(general, { role: 'admin' })).toMatchObject({ code: 'NOT_SUBSCRIBED' });
  });

  it('[PRM-2] is refused by a denial, whatever else allows it', () => {
    const permissions = [
      { action: 'publish', pattern: '*', effect: 'allow' } as const,
      { action: 'publish', pattern: 'science:general', effect: 'deny' } as const,
    ];
    expect(check(general, { permissions, subscribed })).toMatchObject({ code: 'AUTHORIZATION_ERROR' });
  });

  it('[PRT-16] to a whole room needs the right for the room itself', () => {
    const toRoom = { room: 'science', channel: '*' };
    expect(check(toRoom, { subscribed }).kind).toBe('allow');
    const permissions = [{ action: 'publish', pattern: 'science:general', effect: 'allow' } as const];
    expect(check(toRoom, { role: 'guest', permissions, subscribed })).toMatchObject({ code: 'AUTHORIZATION_ERROR' });
  });

  it('[PRT-26] to a reserved room is an administrator’s', () => {
    const reserved = { room: 'integriguard', channel: 'telemetry-stream' };
    expect(check(reserved, { subscribed: ['integriguard:telemetry-stream'] })).toMatchObject({
      code: 'AUTHORIZATION_ERROR',
    });
  });
});

describe('other messages', () => {
  it('[PRT-17] private ones need the right to send them, and no subscription', () => {
    expect(check({ type: 'private', ...general }).kind).toBe('allow');
    expect(check({ type: 'private' }, { role: 'guest' })).toMatchObject({
      code: 'AUTHORIZATION_ERROR',
      reason: 'private',
    });
    const permissions = [{ action: 'private', pattern: '*', effect: 'deny' } as const];
    expect(check({ type: 'private' }, { permissions })).toMatchObject({ code: 'AUTHORIZATION_ERROR' });
  });

  it('[PRT-26] telemetry needs its right, though it goes to a reserved room', () => {
    const telemetry = { type: 'telemetry', room: 'integriguard', channel: 'telemetry-stream' } as const;
    expect(check(telemetry).kind).toBe('allow');
    expect(check(telemetry, { role: 'guest' })).toMatchObject({ code: 'AUTHORIZATION_ERROR', reason: 'telemetry' });
  });

  it('[PRT-18] to a whole tenant are an administrator’s', () => {
    expect(check({ type: 'system' }, { role: 'admin' }).kind).toBe('allow');
    expect(check({ type: 'system' })).toMatchObject({ code: 'AUTHORIZATION_ERROR', reason: 'system' });
  });

  it('[PRT-21] commands are judged by their registry entries, not here', () => {
    expect(check({ type: 'command', command: 'ping' }, { role: 'guest' }).kind).toBe('allow');
  });
});

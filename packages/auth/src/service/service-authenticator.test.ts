import { BusError } from '@arqonbus/protocol';
import {
  AuthenticateReplySchema,
  AuthenticateRequestSchema,
  create,
  fromBinary,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import type { Authenticator } from '../authenticator.ts';
import { createServiceAuthenticator } from './service-authenticator.ts';

const NOW_MS = Date.UTC(2026, 2, 1, 9, 30);
const identity = { tenantId: 'acme', user: 'ada@example.org', expiresAtMs: BigInt(NOW_MS + 60_000) };

type Reply = Parameters<typeof create<typeof AuthenticateReplySchema>>[1];

function bytes(reply: Reply): Uint8Array {
  return toBinary(AuthenticateReplySchema, create(AuthenticateReplySchema, reply));
}

interface Fixture extends Authenticator {
  readonly questions: string[];
  readonly troubles: (string | undefined)[];
}

/** An authenticator whose service answers with these bytes, or fails. */
function asking(answer: () => Uint8Array | Promise<Uint8Array>, maxWaiting?: number): Fixture {
  const questions: string[] = [];
  const troubles: (string | undefined)[] = [];
  const authenticator = createServiceAuthenticator({
    now: () => NOW_MS,
    onTrouble: (reason) => void troubles.push(reason),
    ask: async (question) => {
      questions.push(fromBinary(AuthenticateRequestSchema, question).token);
      return answer();
    },
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
  });
  return { ...authenticator, questions, troubles };
}

const unavailable = (reason: string): object => ({ ok: false, code: 'UNAVAILABLE', reason });

describe('an authenticator of the operator', () => {
  it('[AUT-6] says who a token speaks for, with role and rights', async () => {
    const permissions = [{ action: 'join', pattern: 'lab:*', effect: 'deny' }];
    const full = { ...identity, role: 'moderator', permissions, capabilities: ['video'], name: 'Ada' };
    const service = asking(() => bytes({ identity: full }));
    expect(await service.authenticate('opaque token')).toEqual({
      ok: true,
      principal: {
        tenant: 'acme',
        user: 'ada@example.org',
        role: 'moderator',
        permissions,
        capabilities: ['video'],
        name: 'Ada',
        expiresAtMs: NOW_MS + 60_000,
      },
    });
    expect([service.questions, service.troubles]).toEqual([['opaque token'], []]);
  });

  it('[AUT-6] gives the role user where it names none', async () => {
    const result = await asking(() => bytes({ identity })).authenticate('t');
    expect(result).toMatchObject({ ok: true, principal: { role: 'user', permissions: [], name: '' } });
  });

  it.each([
    [{}, 'AUTHENTICATION_FAILED', 'refused'],
    [{ errorCode: 'AUTHENTICATION_FAILED' }, 'AUTHENTICATION_FAILED', 'refused'],
    [{ errorCode: 'TOKEN_EXPIRED' }, 'TOKEN_EXPIRED', 'expired'],
    [{ identity: { ...identity, expiresAtMs: BigInt(NOW_MS) } }, 'TOKEN_EXPIRED', 'expired'],
    [{ identity: { ...identity, expiresAtMs: 0n } }, 'TOKEN_EXPIRED', 'expired'],
    [{ errorCode: 'UNAVAILABLE' }, 'UNAVAILABLE', 'service_undecided'],
  ] as const)('[AUT-6] refuses as the service does: %o', async (reply, code, reason) => {
    expect(await asking(() => bytes(reply)).authenticate('t')).toEqual({ ok: false, code, reason });
  });

  it.each([
    [{ identity: { ...identity, tenantId: 'no tenant' } }, 'service_malformed_tenant'],
    [{ identity: { ...identity, tenantId: 'acme.>' } }, 'service_malformed_tenant'],
    [{ identity: { ...identity, tenantId: '' } }, 'service_malformed_tenant'],
    [{ identity: { ...identity, user: '' } }, 'service_malformed_sub'],
    [{ identity: { ...identity, role: 'root' } }, 'service_unknown_role'],
    [{ identity: { ...identity, expiresAtMs: 2n ** 62n } }, 'service_malformed_exp'],
    [
      { identity: { ...identity, permissions: [{ action: 'fly', pattern: '*:*', effect: 'allow' }] } },
      'service_malformed_permissions',
    ],
    [{ identity: { ...identity, name: 'a\u0000b' } }, 'service_malformed_name'],
    [{ identity, errorCode: 'AUTHENTICATION_FAILED' }, 'service_malformed'],
    [{ errorCode: 'SURE' }, 'service_malformed'],
  ] as const)('[AUT-6] [PRD-6] lets nobody in by an answer that makes no sense: %o', async (reply, reason) => {
    expect(await asking(() => bytes(reply as Reply)).authenticate('t')).toEqual(unavailable(reason));
  });

  it.each([
    [() => Uint8Array.of(0xff, 0xff), 'service_malformed'],
    [() => Promise.reject(new BusError('NOT_FOUND')), 'service_missing'],
    [() => Promise.reject(new BusError('TIMEOUT')), 'service_late'],
    [() => Promise.reject(new BusError('UNAVAILABLE')), 'service_unreachable'],
    [() => Promise.reject(new TypeError('a bug')), 'service_unreachable'],
  ] as const)('[AUT-6] [PRD-6] fails closed where the service does (%#)', async (answer, reason) => {
    const service = asking(answer);
    expect(await service.authenticate('t')).toEqual(unavailable(reason));
    expect(service.troubles).toEqual([reason]);
  });

  it('[AUT-6] tells of trouble once, and when it is over', async () => {
    let isUp = false;
    const service = asking(() => (isUp ? bytes({}) : Promise.reject(new BusError('NOT_FOUND'))));
    await service.authenticate('a');
    await service.authenticate('b');
    isUp = true;
    await service.authenticate('c');
    expect(service.troubles).toEqual(['service_missing', undefined]);
  });

  it('[PRD-5] bounds how many wait, and what is sent', async () => {
    const answers: ((data: Uint8Array) => void)[] = [];
    const service = asking(() => new Promise((resolve) => answers.push(resolve)), 2);
    const waiting = [service.authenticate('a'), service.authenticate('b')];
    expect(await service.authenticate('c')).toEqual(unavailable('service_busy'));
    expect(await service.authenticate('é'.repeat(8_193))).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      reason: 'too_long',
    });
    for (const answer of answers) answer(bytes({ identity }));
    expect((await Promise.all(waiting)).map(({ ok }) => ok)).toEqual([true, true]);
    expect(service.questions).toEqual(['a', 'b']);
    const next = service.authenticate('d');
    answers.at(-1)?.(bytes({ identity }));
    expect(await next).toMatchObject({ ok: true });
  });
});

import type { UserId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { grantSubjectsOf, parseGrant } from './grant.ts';
import type { GrantWish } from './grant.ts';

const good: GrantWish = { subject: 'user:alice', action: 'join', pattern: 'science:*', effect: 'allow' };

describe('parseGrant', () => {
  it.each(['user:auth0|5f 0c*>.~=', 'user:a:b', 'role:guest', 'role:admin', 'capability:trade.execute'])(
    '[PRM-2] takes the subject %s',
    (subject) => {
      expect(parseGrant({ ...good, subject })).toEqual({
        ok: true,
        permission: { action: 'join', pattern: 'science:*', effect: 'allow' },
      });
    },
  );

  it.each(['', 'alice', ':alice', 'user:', 'role:root', 'role:', 'group:x', 'user:\u0000', 'user:ärger', 'USER:alice'])(
    '[PRM-2] [T-03] refuses the subject %j',
    (subject) => {
      expect(parseGrant({ ...good, subject })).toMatchObject({ ok: false, field: 'subject' });
    },
  );

  it.each(['admin', '', 'fly', 'JOIN'])('[PRM-5] refuses the action %j', (action) => {
    expect(parseGrant({ ...good, action })).toMatchObject({ ok: false, field: 'action' });
  });

  it.each(['', ':', 'a:b:c', 'science:>', 'x'.repeat(200)])('[PRM-2] refuses the pattern %j', (pattern) => {
    expect(parseGrant({ ...good, pattern })).toMatchObject({ ok: false, field: 'pattern' });
  });

  it('[PRM-2] lets nobody shut all administrators out', () => {
    const wish = { ...good, subject: 'role:admin', action: '*', effect: 'deny' } as const;
    for (const pattern of ['*', '*:*']) {
      expect(parseGrant({ ...wish, pattern })).toMatchObject({ ok: false, field: 'effect' });
    }
    expect(parseGrant({ ...wish, pattern: 'science:*' })).toMatchObject({ ok: true });
    expect(parseGrant({ ...wish, pattern: '*', subject: 'user:mallory' })).toMatchObject({ ok: true });
    expect(parseGrant({ ...wish, pattern: '*', action: 'publish' })).toMatchObject({ ok: true });
  });
});

describe('grantSubjectsOf', () => {
  it('[PRM-2] names user, role and every capability', () => {
    const somebody = { user: 'alice' as UserId, role: 'user' as const, capabilities: ['trade', 'view'] };
    expect(grantSubjectsOf(somebody)).toEqual(['user:alice', 'role:user', 'capability:trade', 'capability:view']);
  });
});

import { BusError, RESERVED_ROOMS, compilePattern } from '@arqonbus/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from './permission.ts';
import type { Action, Permission } from './permission.ts';
import { createRights } from './rights.ts';
import { ROLES } from './role.ts';
import type { Role } from './role.ts';

const open = { accessDefault: 'open' } as const;
const closed = { accessDefault: 'closed' } as const;

/** The table of the specification, written out: a new role or action without a row does not compile. */
const table: Readonly<Record<Action, Readonly<Record<Role, boolean>>>> = {
  join: { guest: false, user: true, moderator: true, admin: true },
  publish: { guest: false, user: true, moderator: true, admin: true },
  private: { guest: false, user: true, moderator: true, admin: true },
  telemetry: { guest: false, user: true, moderator: true, admin: true },
  history: { guest: false, user: true, moderator: true, admin: true },
  presence: { guest: false, user: true, moderator: true, admin: true },
  operate: { guest: false, user: true, moderator: true, admin: true },
  manage: { guest: false, user: false, moderator: true, admin: true },
  reveal: { guest: false, user: false, moderator: false, admin: false },
  admin: { guest: false, user: false, moderator: false, admin: true },
};

const cells = ROLES.flatMap((role) => ACTIONS.map((action) => ({ role, action, allowed: table[action][role] })));

function allow(action: Permission['action'], pattern: string): Permission {
  return { action, pattern, effect: 'allow' };
}

function deny(action: Permission['action'], pattern: string): Permission {
  return { action, pattern, effect: 'deny' };
}

describe('the privilege matrix', () => {
  it.each(cells)('[PRM-1, PRM-5] $role may $action: $allowed', ({ role, action, allowed }) => {
    expect(createRights(role, [], open).may(action, 'science', 'general')).toBe(allowed);
  });

  it.each(cells)('[PRM-2] where access is closed, $role may $action only as an administrator', ({ role, action }) => {
    const isAdmins = role === 'admin' && action !== 'reveal';
    expect(createRights(role, [], closed).may(action, 'science', 'general')).toBe(isAdmins);
  });

  it.each(cells)('[PRM-2] a permission lets $role $action, here and nowhere else', ({ role, action, allowed }) => {
    const rights = createRights(role, [allow(action, 'science:general')], open);
    expect(rights.may(action, 'science', 'general')).toBe(true);
    expect(rights.may(action, 'science', 'explore')).toBe(allowed);
    expect(rights.may(action, 'art', 'general')).toBe(allowed);
  });

  it.each(cells)('[PRM-2] a denial keeps $role from $action, whatever allows it', ({ role, action }) => {
    const rights = createRights(role, [allow(action, 'science:general'), deny(action, 'science:*')], open);
    expect(rights.may(action, 'science', 'general')).toBe(false);
    expect(rights.hasGrant(action, 'science', 'general')).toBe(false);
  });

  it.each(cells)(
    '[PRT-26] $role may $action in reserved rooms only as an administrator',
    ({ role, action, allowed }) => {
      for (const room of RESERVED_ROOMS) {
        const rights = createRights(role, [], open);
        const expected = action === 'telemetry' ? allowed : role === 'admin' && allowed;
        expect(rights.may(action, room, 'telemetry-stream')).toBe(expected);
      }
    },
  );
});

describe('permissions of the token', () => {
  it('[PRM-2] with the action * allow what a member may be given, but not the commands of administrators, nor what others see redacted', () => {
    const rights = createRights('guest', [allow('*', '*')], closed);
    const named: readonly Action[] = ['admin', 'reveal'];
    for (const action of ACTIONS) expect(rights.may(action, 'science', 'general')).toBe(!named.includes(action));
  });

  it('[PRM-2] with the action * deny everything, to administrators too', () => {
    const rights = createRights('admin', [deny('*', '*')], open);
    for (const action of ACTIONS) expect(rights.may(action, 'science', 'general')).toBe(false);
  });

  it('[PRT-16] are told apart from the rights of the role', () => {
    expect(createRights('admin', [], open).hasGrant('publish', 'science', 'general')).toBe(false);
    const rights = createRights('user', [allow('publish', 'science:*')], open);
    expect(rights.hasGrant('publish', 'science', 'general')).toBe(true);
    expect(rights.hasGrant('publish', 'art', 'general')).toBe(false);
    expect(rights.hasGrant('join', 'science', 'general')).toBe(false);
  });

  it('[PRT-26] open a reserved room only by naming it', () => {
    for (const pattern of ['*', '*:*', 'integri*:*', '*guard:telemetry-stream']) {
      expect(createRights('user', [allow('join', pattern)], open).may('join', 'integriguard', 'telemetry-stream')).toBe(
        false,
      );
    }
    for (const pattern of ['integriguard', 'integriguard:*', 'integriguard:telemetry-stream']) {
      expect(createRights('user', [allow('join', pattern)], open).may('join', 'integriguard', 'telemetry-stream')).toBe(
        true,
      );
    }
    expect(createRights('user', [allow('join', 'omega-lab:*')], open).may('join', 'integriguard', 'x')).toBe(false);
  });

  it('[PRM-2] with a malformed pattern are a refused call', () => {
    expect(() => createRights('user', [allow('join', 'science:>')], open)).toThrow(BusError);
  });

  it('[PRM-2] decide as the rule in words does (property)', () => {
    const pattern = fc.constantFrom('*', '*:*', 'science', 'science:*', 'science:gen*', '*:general', 'art:general');
    const action = fc.constantFrom(...ACTIONS, '*' as const);
    const effect = fc.constantFrom('allow' as const, 'deny' as const);
    const permissions = fc.array(fc.record({ action, pattern, effect }), { maxLength: 6 });
    const place = fc.tuple(fc.constantFrom('science', 'art', 'lab'), fc.constantFrom('general', 'explore', '*'));
    fc.assert(
      fc.property(
        fc.constantFrom(...ROLES),
        permissions,
        fc.constantFrom(...ACTIONS),
        place,
        (role, list, asked, at) => {
          const [room, channel] = at;
          const matching = list.filter((permission) => covers(permission, asked, room, channel));
          const isDenied = matching.some((permission) => permission.effect === 'deny');
          const isAllowed = matching.some((permission) => permission.effect === 'allow');
          const rights = createRights(role, list, open);
          expect(rights.may(asked, room, channel)).toBe(!isDenied && (isAllowed || table[asked][role]));
          expect(rights.hasGrant(asked, room, channel)).toBe(!isDenied && isAllowed);
        },
      ),
    );
  });
});

function covers(permission: Permission, action: Action, room: string, channel: string): boolean {
  const mustBeNamed = action === 'admin' || action === 'reveal';
  const isWild = permission.action === '*' && (!mustBeNamed || permission.effect === 'deny');
  return (permission.action === action || isWild) && compilePattern(permission.pattern)?.(room, channel) === true;
}

describe('cost', () => {
  it('shares one frozen object per role and default', () => {
    for (const role of ROLES) {
      expect(createRights(role, [], open)).toBe(createRights(role, [], open));
      expect(Object.isFrozen(createRights(role, [], open))).toBe(true);
    }
  });
});

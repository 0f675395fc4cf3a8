import { BusError, compilePattern, isReservedRoom } from '@arqonbus/protocol';
import type { TargetPredicate } from '@arqonbus/protocol';
import { ACTIONS } from './permission.ts';
import type { Action, Permission } from './permission.ts';
import { ROLES } from './role.ts';
import type { Role } from './role.ts';

/** What a session may do. Checks allocate nothing; sessions without permissions of their own share one object per role. */
export interface Rights {
  /**
   * True when the session may do `action` there. Deny wins; an allowing permission adds; else the role table decides
   * (PRM-1, PRM-5). Reserved rooms are closed to all but administrators and grants that name the room (PRT-26).
   */
  may(action: Action, room: string, channel: string): boolean;
  /** True when a permission (not the role) allows it and none denies it (PRT-16). */
  hasGrant(action: Action, room: string, channel: string): boolean;
}

/** Who needs a grant: nobody (the role table decides), or everybody but administrators (PRM-2). */
export type AccessDefault = 'open' | 'closed';

/** How rights are made. */
export interface RightsOptions {
  readonly accessDefault: AccessDefault;
}

/** The rights of a session. Throws `VALIDATION_ERROR` for a pattern that does not compile. */
export function createRights(role: Role, permissions: readonly Permission[], options: RightsOptions): Rights {
  const roleRights = options.accessDefault === 'open' ? openRights[role] : closedRights[role];
  return permissions.length === 0 ? roleRights : createPermittedRights(role, roleRights, permissions);
}

const MEMBER_ACTIONS: readonly Action[] = ACTIONS.filter(
  (action) => action !== 'manage' && action !== 'reveal' && action !== 'admin',
);

/** What is redacted for all is shown by grant alone: no role brings it along. */
const ADMIN_ACTIONS: readonly Action[] = ACTIONS.filter((action) => action !== 'reveal');

const roleActions: Readonly<Record<Role, readonly Action[]>> = {
  guest: [],
  user: MEMBER_ACTIONS,
  moderator: [...MEMBER_ACTIONS, 'manage'],
  admin: ADMIN_ACTIONS,
};

const openRights = createRoleTable((role) => roleActions[role]);
const closedRights = createRoleTable((role) => (role === 'admin' ? ADMIN_ACTIONS : []));

function createRoleTable(actionsOf: (role: Role) => readonly Action[]): Readonly<Record<Role, Rights>> {
  const [guest, user, moderator, admin] = ROLES.map((role) => createRoleRights(role, actionsOf(role)));
  return { guest, user, moderator, admin } as Record<Role, Rights>;
}

function createRoleRights(role: Role, actions: readonly Action[]): Rights {
  const allowed = new Set<Action>(actions);
  const isAdmin = role === 'admin';
  return Object.freeze({
    may: (action: Action, room: string) => allowed.has(action) && (isAdmin || isOpenRoom(action, room)),
    hasGrant: () => false,
  });
}

/** Telemetry goes to a reserved room whoever sends it; nobody joins by sending it. */
function isOpenRoom(action: Action, room: string): boolean {
  return action === 'telemetry' || !isReservedRoom(room);
}

interface Rule {
  readonly matches: TargetPredicate;
  /** The room part of the pattern as written. */
  readonly roomPart: string;
}

interface ActionRules {
  readonly allow: readonly Rule[];
  readonly deny: readonly Rule[];
}

type RuleTable = Readonly<Record<Action, ActionRules>>;

function createPermittedRights(role: Role, roleRights: Rights, permissions: readonly Permission[]): Rights {
  const rules = Object.fromEntries(ACTIONS.map((action) => [action, compileAction(action, permissions)])) as RuleTable;
  const isAdmin = role === 'admin';
  const isDenied = (action: Action, room: string, channel: string): boolean =>
    isAnyMatch(rules[action].deny, room, channel, false);
  const isAllowed = (action: Action, room: string, channel: string): boolean =>
    isAnyMatch(rules[action].allow, room, channel, !isAdmin && !isOpenRoom(action, room));
  return Object.freeze({
    may: (action: Action, room: string, channel: string) =>
      !isDenied(action, room, channel) && (roleRights.may(action, room, channel) || isAllowed(action, room, channel)),
    hasGrant: (action: Action, room: string, channel: string) =>
      isAllowed(action, room, channel) && !isDenied(action, room, channel),
  });
}

/** `*` allows what PRM-5 lists; the commands of administrators and `reveal` must be named. A denying `*` denies them too. */
function compileAction(action: Action, permissions: readonly Permission[]): ActionRules {
  const allow: Rule[] = [];
  const deny: Rule[] = [];
  for (const permission of permissions) {
    const isDeny = permission.effect === 'deny';
    const covers =
      permission.action === action ||
      (permission.action === '*' && (isDeny || (action !== 'admin' && action !== 'reveal')));
    if (covers) (isDeny ? deny : allow).push(compileRule(permission.pattern));
  }
  return { allow, deny };
}

function compileRule(pattern: string): Rule {
  const matches = compilePattern(pattern);
  if (matches === undefined) throw new BusError('VALIDATION_ERROR', 'A permission has a malformed pattern.');
  return { matches, roomPart: pattern.split(':', 1)[0] ?? '' };
}

function isAnyMatch(rules: readonly Rule[], room: string, channel: string, mustNameRoom: boolean): boolean {
  for (const rule of rules) {
    if (rule.matches(room, channel) && (!mustNameRoom || rule.roomPart === room)) return true;
  }
  return false;
}

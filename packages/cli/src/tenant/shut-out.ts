import type { CommandResult } from '@arqonbus/protocol';
import { listAll } from './listed-kind.ts';
import type { Ask, Kind } from './step.ts';

type Grant = CommandResult<'op.grant.list'>['items'][number];

/** Everybody but administrators: those are known, and not all of them can be denied everything. */
const ROLES = ['guest', 'user', 'moderator'] as const;

/** A grant that another run made at about the same time is as good. */
const TOLERANCE_MS = 60_000;

/**
 * Roles that may still do something. They are denied everything until then: a connection that is in no room is named by nothing, a
 * token that nobody knows of is good until it expires, and neither can bring anything back.
 */
export function openRolesOf(ask: Ask, untilMs: number): Kind {
  return {
    name: 'roles not shut out',
    list: async () => {
      const grants = await listAll((more) => ask('op.grant.list', more));
      const isEnough = (grant: Grant): boolean =>
        isShutOut(grant) && Date.parse(grant.expires_at ?? '') >= untilMs - TOLERANCE_MS;
      const shut = new Set(grants.filter(isEnough).map(({ subject }) => subject));
      return ROLES.map((role) => `role:${role}`)
        .filter((subject) => !shut.has(subject))
        .map((subject) => ({ id: subject, remove: () => shutOut(ask, subject, untilMs) }));
    },
  };
}

/** True for a grant that shuts a role out for a while, as erasing a tenant does. */
export function isShutOut({ subject, action, pattern, effect, expires_at: end }: Grant): boolean {
  const isRole = ROLES.some((role) => subject === `role:${role}`);
  return isRole && action === '*' && pattern === '*' && effect === 'deny' && end !== undefined;
}

function shutOut(ask: Ask, subject: string, untilMs: number): Promise<unknown> {
  const expiresAt = new Date(untilMs).toISOString();
  return ask('op.grant.put', { subject, action: '*', pattern: '*', effect: 'deny', expires_at: expiresAt });
}

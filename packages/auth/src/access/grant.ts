import { compilePattern, isUserId } from '@arqonbus/protocol';
import type { Principal } from '../authenticator.ts';
import { ACTIONS } from './permission.ts';
import type { Permission } from './permission.ts';
import { ROLES } from './role.ts';

/** A permission of a user, a role or a capability, kept by the bus (PRM-2). */
export interface Grant extends Permission {
  /** `user:<id>`, `role:<role>` or `capability:<name>`. */
  readonly subject: string;
  /** Wall time, ms; undefined = for good. */
  readonly expiresAtMs: number | undefined;
}

/** A grant as somebody asks for it. */
export interface GrantWish {
  readonly subject: string;
  readonly action: string;
  readonly pattern: string;
  readonly effect: 'allow' | 'deny';
}

/** A grant that can be given, or the field that is wrong and why. */
export type GrantParsing =
  | { readonly ok: true; readonly permission: Permission }
  | { readonly ok: false; readonly field: keyof GrantWish; readonly problem: string };

/**
 * Checks a grant before it is kept. The commands of administrators cannot be given (PRM-5 does not list them), nor taken
 * from all administrators at once: nobody could undo that.
 */
export function parseGrant({ subject, action, pattern, effect }: GrantWish): GrantParsing {
  if (!isGrantSubject(subject)) {
    return { ok: false, field: 'subject', problem: 'must be user:<id>, role:<role> or capability:<name>' };
  }
  const known = [...ACTIONS, '*' as const].find((name) => name === action && name !== 'admin');
  if (known === undefined) return { ok: false, field: 'action', problem: 'is no action that can be granted' };
  const matches = compilePattern(pattern);
  if (matches === undefined) return { ok: false, field: 'pattern', problem: 'is no room:channel glob' };
  if (subject === 'role:admin' && effect === 'deny' && known === '*' && matches('*', '*')) {
    return { ok: false, field: 'effect', problem: 'would leave nobody who can take it back' };
  }
  return { ok: true, permission: { action: known, pattern, effect } };
}

/** True for whom a grant can be for. Names are printable ASCII, as those of users are (SPN-7). */
export function isGrantSubject(text: string): boolean {
  const colon = text.indexOf(':');
  const name = text.slice(colon + 1);
  switch (text.slice(0, Math.max(colon, 0))) {
    case 'user':
    case 'capability':
      return isUserId(name);
    case 'role':
      return ROLES.some((role) => role === name);
    default:
      return false;
  }
}

/** Everything that grants for somebody can be for. */
export function grantSubjectsOf({
  user,
  role,
  capabilities,
}: Pick<Principal, 'user' | 'role' | 'capabilities'>): string[] {
  return [`user:${user}`, `role:${role}`, ...capabilities.map((name) => `capability:${name}`)];
}

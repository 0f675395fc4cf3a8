import { BusError } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';

/**
 * Why a session may not take tasks of a group, or announce these capabilities (OPR-4); undefined = it may. A group stands
 * in grants where a room does.
 */
export function operateRefusal(session: Session, group: string, capabilities: readonly string[]): string | undefined {
  if (!session.rights.may('operate', group, '*')) return 'Operating in this group is not allowed.';
  const missing = capabilities.find((capability) => !session.principal.capabilities.includes(capability));
  return missing === undefined ? undefined : `The token does not list the capability ${missing}.`;
}

/** Throws unless the session is an operator; who could be none hears that first. */
export function requireOperator({ operator, rights }: Session): void {
  if (operator !== undefined) return;
  if (!rights.may('operate', '*', '*')) throw new BusError('AUTHORIZATION_ERROR');
  throw new BusError('CONFLICT', 'The session is no operator.');
}

import type { Action } from '@arqonbus/auth';
import { BusError } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';

/** Throws `AUTHORIZATION_ERROR` unless the session may do this in the channel. */
export function requireRight(session: Session, action: Action, room: string, channel: string): void {
  if (!session.rights.may(action, room, channel)) throw new BusError('AUTHORIZATION_ERROR');
}

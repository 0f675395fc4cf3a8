import { closeCodes } from '@arqonbus/protocol';
import type { CloseCode } from '@arqonbus/protocol';
import type { Session } from './session.ts';

/** Says goodbye to a session; what it still sends counts for nothing. The listener cuts who does not take the hint. */
export function closeSession(session: Session, code: CloseCode): void {
  if (session.connection === undefined || session.isClosing) return;
  session.isClosing = true;
  session.closingCode = code;
  session.connection.close(code, closeCodes[code].name);
}

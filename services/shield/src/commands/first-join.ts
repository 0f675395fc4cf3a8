import { createEnvelope } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, deadlineIn } from '@arqonbus/spine';
import type { Refuse } from '../publish/refuse.ts';
import type { Session } from '../session/session.ts';
import type { CommandParts } from './command-context.ts';
import { joinChannel } from './handlers/join-channel.ts';

/** Joins the channel that a client named in its upgrade (PRT-3). */
export type FirstJoin = (session: Session) => void;

/**
 * The same join as by command, told as `system` `{event: "joined", …result}`, or as an `error` that answers nothing.
 * Does nothing where the upgrade named no channel.
 */
export function createFirstJoin(parts: CommandParts, refuse: Refuse): FirstJoin {
  const join = async (session: Session): Promise<void> => {
    try {
      const call = { session, envelope: createEnvelope('command'), deadlineMs: deadlineIn(BRAIN_TIMEOUT_MS) };
      const { result, afterReply } = await joinChannel(call, {}, parts);
      parts.send(session, parts.envelopes.system({ event: 'joined', ...result }));
      afterReply?.();
    } catch (error) {
      refuse(session, '', error, { command: 'join_channel' });
    }
  };
  return (session) => {
    if (session.defaultRoom !== '' && session.defaultChannel !== '') void join(session);
  };
}

import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { BrainRequest } from '@arqonbus/spine';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { parseTimeArgument } from '../time-argument.ts';
import { traceIdOf } from '../trace-id.ts';

type Args = CommandArgs<'op.history.erase'>;

/**
 * Has publications erased from log and archive, and answers when that is done, however long it takes (LOG-15). It goes on where
 * nobody waits for it any more.
 */
export async function eraseHistory(
  { session, envelope }: CommandCall,
  args: Args,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.history.erase'>>> {
  const { tenant, user: requestedBy } = session;
  const request = { tenant, what: whatOf(args), requestedBy, traceId: traceIdOf(envelope) };
  let erasureId = '';
  do {
    const asked = { ...request, erasureId };
    const answer = await callBrain(spine, 'history.erase', asked, deadlineIn(BRAIN_TIMEOUT_MS));
    if (answer.isDone) {
      return { result: { erased: Number(answer.erased), archive_erased: Number(answer.archiveErased) } };
    }
    ({ erasureId } = answer);
  } while (session.connection !== undefined);
  throw new BusError('UNAVAILABLE', 'The connection is closed.');
}

function whatOf({ room, channel, user, before }: Args): NonNullable<BrainRequest<'history.erase'>['what']> {
  const beforeMs = parseTimeArgument('before', before);
  const what = {
    ...(room === undefined ? {} : { room }),
    ...(channel === undefined ? {} : { channel }),
    ...(user === undefined ? {} : { user }),
    ...(beforeMs === undefined ? {} : { beforeMs: BigInt(beforeMs) }),
  };
  if (Object.keys(what).length === 0) {
    throw invalid([{ field: 'args', problem: 'says nothing of what is to be erased' }]);
  }
  return what;
}

import { BusError } from '@arqonbus/protocol';
import type { CommandArgs } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { ChannelAddress, Spine } from '@arqonbus/spine';
import type { CommandCall } from '../commands/command-context.ts';
import { traceIdOf } from '../commands/trace-id.ts';
import type { Replayed } from '../history/replays.ts';

/**
 * Replays with the intent in the audit trail before and the outcome after (AUD-1). Throws `UNAVAILABLE`, and replays
 * nothing, where the intent cannot be written.
 */
export async function auditedReplay(
  spine: Spine,
  { session, envelope, deadlineMs }: CommandCall,
  { room, channel }: ChannelAddress,
  args: CommandArgs<'op.history.replay'>,
  replay: () => Promise<Replayed>,
): Promise<Replayed> {
  const { room: _room, channel: _channel, ...window } = args;
  const about = {
    tenant: session.tenant,
    requestedBy: session.user,
    traceId: traceIdOf(envelope),
    room,
    channel,
  };
  const intent = { ...about, window: JSON.stringify(window) };
  const { intentSeq } = await callBrain(spine, 'audit.begin_replay', intent, deadlineMs);
  try {
    const replayed = await replay();
    await tellEnd(spine, { ...about, intentSeq, count: BigInt(replayed.count), hash: replayed.hash });
    return replayed;
  } catch (error) {
    const errorCode = error instanceof BusError ? error.code : 'INTERNAL_ERROR';
    await tellEnd(spine, { ...about, intentSeq, errorCode });
    throw error;
  }
}

/** What has been replayed has been read, whether its outcome can be written or not: an intent without one says so. */
async function tellEnd(spine: Spine, outcome: Parameters<typeof callBrain<'audit.end_replay'>>[2]): Promise<void> {
  await callBrain(spine, 'audit.end_replay', outcome, deadlineIn(BRAIN_TIMEOUT_MS)).catch(() => undefined);
}

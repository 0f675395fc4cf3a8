import { BusError } from '@arqonbus/protocol';
import type { LogAppend } from '@arqonbus/protocol/spine-messages';
import { channelOut } from '@arqonbus/spine';
import type { BrainHandler, BrainResult, SpineMessage } from '@arqonbus/spine';
import type { AppendOutcome, LogAddress, NewEntry } from '@arqonbus/storage';
import { parseChannelOrRoom, parseRoom, parseTenant } from '../requests/parse-request.ts';
import type { KeptLog } from './index.ts';

/** Brings a stored entry to its subscribers, with its position. Throws where the Spine is away. */
export type DeliverEntry = (message: SpineMessage) => void;

type Appended = Omit<BrainResult<'history.append'>['appended'][number], '$typeName' | '$unknown'>;

const NOTHING: Appended = { seq: 0n, epoch: '', duplicate: false, errorCode: '', error: '' };

/**
 * Stores the entries of a request in their order, and delivers each once it is stored. All are on their way to the store
 * before the first has been answered, and the store keeps the order of the calls; so do its answers, and the deliveries.
 */
export function createAppender(log: KeptLog): BrainHandler<'history.append'> {
  return async ({ appends }) => ({ appended: await Promise.all(appends.map((append) => appendOne(append, log))) });
}

async function appendOne(append: LogAppend, log: KeptLog): Promise<Appended> {
  try {
    const entry = parseEntry(append);
    const { room, channel } = entry.address;
    const profile = log.profileOf(room, channel);
    if (profile.logClass === 'live') throw new BusError('UNAVAILABLE', 'The channel keeps no log.');
    const outcome = await log.store.append(entry, profile);
    if (outcome.kind === 'stored') deliver(entry, outcome, log);
    return toResult(outcome);
  } catch (error) {
    // One that fails is no reason to refuse the others. A bug of ours is one for all.
    if (!(error instanceof BusError)) throw error;
    return { ...NOTHING, errorCode: error.code, error: error.message };
  }
}

function parseEntry({ tenant, room, channel, data, user, id, expectedSeq }: LogAppend): NewEntry {
  const address: LogAddress = {
    tenant: parseTenant(tenant),
    room: parseRoom(room),
    channel: parseChannelOrRoom(channel),
  };
  return { address, data, user, id, ...(expectedSeq === undefined ? {} : { expectedSeq: Number(expectedSeq) }) };
}

/** What cannot be delivered is stored all the same: Shields are told to look. */
function deliver({ address, data }: NewEntry, { seq, prevSeq }: AppendOutcome, log: KeptLog): void {
  try {
    log.deliver({ subject: channelOut(address.tenant, address.room, address.channel), data, seq, prevSeq });
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    log.onUndelivered();
  }
}

function toResult({ kind, seq, epoch }: AppendOutcome): Appended {
  const position = { ...NOTHING, seq: BigInt(seq), epoch };
  if (kind === 'conflict') return { ...position, errorCode: 'CONFLICT' };
  return { ...position, duplicate: kind === 'duplicate' };
}

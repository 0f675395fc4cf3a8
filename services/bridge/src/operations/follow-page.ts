import { BusError } from '@arqonbus/protocol';
import { EDGE_TIMEOUT_MS, commandAtEdge, deadlineIn } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { Caller } from '../caller/caller.ts';
import type { FollowRequest } from './follow-item.ts';
import { cutHistory } from './history-texts.ts';
import { onlyOutcome } from './only-outcome.ts';

/** A page of the log of a channel, with the rights and views of now. */
export interface FollowPage {
  readonly texts: readonly Uint8Array[];
  readonly publications: readonly { readonly seq: number; readonly prev_seq?: number }[];
  readonly cursor?: string;
  readonly epoch: string;
  readonly first_seq: number;
  readonly last_seq: number;
}

const PAGE = 100;

/**
 * The page after a sequence; without one, the newest publication alone. Undefined = the caller may read the channel, and it
 * keeps no log. Throws where it may not.
 */
export async function readPage(
  { room, channel }: Pick<FollowRequest, 'room' | 'channel'>,
  caller: Caller,
  spine: Spine,
  afterSeq: number | undefined,
): Promise<FollowPage | undefined> {
  const range = afterSeq === undefined ? { limit: 1, order: 'newest' } : { limit: PAGE, after_seq: afterSeq };
  const args = new TextEncoder().encode(JSON.stringify({ room, channel, ...range }));
  const messages = [{ envelope: { type: 'command' as const, command: 'history', args } }];
  const outcomes = await commandAtEdge(spine, { ...caller, messages }, deadlineIn(EDGE_TIMEOUT_MS));
  if (outcomes[0]?.ok === false && outcomes[0].code === 'FEATURE_DISABLED') return undefined;
  const { json, payload } = onlyOutcome(outcomes);
  if (payload['epoch'] === undefined) throw new BusError('VALIDATION_ERROR', 'A channel is needed.');
  return { ...(payload as unknown as Omit<FollowPage, 'texts'>), texts: cutHistory(json).texts };
}

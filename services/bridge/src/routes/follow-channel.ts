import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { EDGE_TIMEOUT_MS, channelOut, commandAtEdge, deadlineIn } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { Caller } from '../caller/caller.ts';
import { splitList } from './json-text.ts';
import { onlyOutcome } from './publication.ts';
import { Wakeups } from './wakeups.ts';

/** Who follows a channel, and from where. */
export interface FollowRequest {
  /** Who it is now. Throws once the token or key is taken no more. */
  readonly identify: () => Promise<Caller>;
  readonly room: string;
  readonly channel: string;
  /** `<epoch>:<seq>` of the last event that it has; empty = from now on. */
  readonly lastEventId: string;
  /** Aborted when nobody reads any more. */
  readonly signal: AbortSignal;
}

interface Page {
  /** Each publication as it was written: no number has been rounded. */
  readonly texts: readonly Uint8Array[];
  readonly publications: readonly { readonly seq: number; readonly prev_seq?: number }[];
  readonly cursor?: string;
  readonly epoch: string;
  readonly first_seq: number;
  readonly last_seq: number;
}

interface Position {
  readonly epoch: string;
  readonly seq: number;
}

const PAGE = 100;
const PUBLICATIONS = '"publications":';
/** How soon a token or key that is taken no more ends the stream. */
const CHECK_MS = 1_000;
/** How often the log is asked though nothing was heard: a hint may be lost, and a ban or grant may have come. */
const POLL_EVERY_CHECKS = 15;
const decoder = new TextDecoder();
const LAST_EVENT_ID = /^([0-9a-z]{1,64}):(\d{1,16})$/i;

/**
 * The publications of a channel as server-sent events, those after `lastEventId` first, none twice and none missing; where
 * that cannot be, `discontinuity` says so. Each page is read from the log when the reader has taken the one before, with the
 * rights and views of now: a slow reader costs nothing but itself. Channels without a log are `FEATURE_DISABLED`.
 *
 * @yields whole events, as texts.
 */
export async function* followChannel(request: FollowRequest, spine: Spine): AsyncGenerator<string> {
  const { room, channel, signal } = request;
  const caller = await request.identify();
  let position = await startOf(request, caller, spine);
  const wakeups = new Wakeups(signal);
  const interest = spine.subscribe(channelOut(caller.principal.tenant as TenantId, room, channel), () =>
    wakeups.wake(),
  );
  try {
    yield ': following\n\n';
    for (let quietChecks = 0; !signal.aborted;) {
      const page = await read(request, await request.identify(), spine, position.seq);
      const next = describePage(page, position);
      if (next.text !== '') yield next.text;
      position = next.position;
      if (page.cursor !== undefined && page.epoch === position.epoch) continue;
      for (quietChecks = 0; !signal.aborted && quietChecks < POLL_EVERY_CHECKS; quietChecks++) {
        if (await wakeups.wait(CHECK_MS)) break;
        await request.identify();
      }
      if (quietChecks === POLL_EVERY_CHECKS) yield ': quiet\n\n';
    }
  } finally {
    interest.unsubscribe();
  }
}

/** Where it begins; the first read is also what tells whether the caller may. */
async function startOf(request: FollowRequest, caller: Caller, spine: Spine): Promise<Position> {
  const newest = await read(request, caller, spine, undefined);
  if (request.lastEventId === '') return { epoch: newest.epoch, seq: newest.last_seq };
  const [, epoch = '', seq = ''] = LAST_EVENT_ID.exec(request.lastEventId) ?? [];
  if (epoch === '') throw new BusError('VALIDATION_ERROR', 'Last-Event-ID is not the id of an event.');
  return { epoch, seq: Number(seq) };
}

/** A page after a sequence; without one, the newest publication alone. */
async function read(
  { room, channel }: FollowRequest,
  caller: Caller,
  spine: Spine,
  afterSeq: number | undefined,
): Promise<Page> {
  const range = afterSeq === undefined ? { limit: 1, order: 'newest' } : { limit: PAGE, after_seq: afterSeq };
  const args = new TextEncoder().encode(JSON.stringify({ room, channel, ...range }));
  const messages = [{ envelope: { type: 'command' as const, command: 'history', args } }];
  const outcome = onlyOutcome(await commandAtEdge(spine, { ...caller, messages }, deadlineIn(EDGE_TIMEOUT_MS)));
  return { ...(outcome.payload as unknown as Omit<Page, 'texts'>), texts: textsOf(outcome.json) };
}

/** The publications stand last in a page, behind members that hold no text of anybody's. */
function textsOf(json: Uint8Array): readonly Uint8Array[] {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  return splitList(bytes.subarray(bytes.indexOf(PUBLICATIONS) + PUBLICATIONS.length, bytes.lastIndexOf('}')));
}

/** The page as events, and where the reader stands after it. */
function describePage(page: Page, { epoch, seq }: Position): { readonly text: string; readonly position: Position } {
  if (page.epoch !== epoch) {
    // Sequences of another epoch are another log's: what lies between cannot be told.
    const position = { epoch: page.epoch, seq: page.last_seq };
    return { text: eventOf('discontinuity', position, '{"reason":"epoch_changed"}'), position };
  }
  const [first] = page.publications;
  const isHole = first !== undefined && seq > 0 && page.first_seq > seq && first.prev_seq !== seq;
  const hole = isHole ? eventOf('discontinuity', { epoch, seq }, '{"reason":"trimmed"}') : '';
  const events = page.publications.map((publication, index) =>
    eventOf('publication', { epoch, seq: publication.seq }, decoder.decode(page.texts[index])),
  );
  return { text: hole + events.join(''), position: { epoch, seq: page.publications.at(-1)?.seq ?? seq } };
}

function eventOf(event: string, { epoch, seq }: Position, json: string): string {
  return `id: ${epoch}:${seq}\nevent: ${event}\ndata: ${json}\n\n`;
}

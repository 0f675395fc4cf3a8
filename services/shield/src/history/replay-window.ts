import type { Envelope } from '@arqonbus/protocol';
import { UNKNOWN_SEQ } from '@arqonbus/spine';
import type { ChannelAddress, LogEntry, LogPosition } from '@arqonbus/spine';
import { decodeEntry } from '../delivery/decode-delivery.ts';
import type { EpochRead } from './archived-epoch.ts';

/** A part of a channel's log. */
export interface ReplayWindow {
  /** Inclusive sequences. */
  readonly fromSeq: number;
  readonly toSeq: number;
  /** [from, to) of the publications' own times, which every adapter keeps alike; stored times differ by adapter. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Publications that may have been there between two sequences, exclusive, and are not kept any more. */
export interface ReplayGap {
  readonly after_seq: number;
  readonly before_seq: number;
}

/** What reading a window gives, in order. */
export type ReplayItem =
  | { readonly kind: 'publication'; readonly seq: number; readonly envelope: Envelope }
  | { readonly kind: 'malformed' }
  | ({ readonly kind: 'gap' } & ReplayGap);

const PAGE = 100;
/** How far the time of a publication may lie from the time at which it was stored. */
const SKEW_MS = 60_000;

/**
 * Reads a window in the order of the log, page by page. Rejects when the log cannot be read.
 *
 * @yields each publication, and each gap before what follows it.
 */
export async function* readWindow(
  log: EpochRead['log'],
  address: ChannelAddress,
  { epoch, lastSeq }: LogPosition,
  window: ReplayWindow,
): AsyncGenerator<ReplayItem> {
  const toSeq = Math.min(window.toSeq, lastSeq);
  const times = timesOf(window);
  let afterSeq = window.fromSeq - 1;
  let isFirst = true;
  while (afterSeq < toSeq) {
    const entries = await log.read(address, { ...times, afterSeq, beforeSeq: toSeq + 1, limit: PAGE });
    if (isFirst) {
      // After the page: what was dropped before it was read is seen.
      const gap = await gapBefore(log, address, lastSeq, window);
      if (gap !== undefined) yield { kind: 'gap', ...gap };
    }
    for (const entry of entries) {
      if (!isFirst && entry.prevSeq !== afterSeq) yield { kind: 'gap', after_seq: afterSeq, before_seq: entry.seq };
      isFirst = false;
      afterSeq = entry.seq;
      yield* itemOf(entry, epoch, window);
    }
    if (entries.length < PAGE) return;
  }
}

/** Between which times what a window holds was stored, at the widest. */
export function timesOf({ fromMs, toMs }: ReplayWindow): { readonly sinceMs?: number; readonly untilMs?: number } {
  return {
    ...(fromMs > SKEW_MS ? { sinceMs: fromMs - SKEW_MS } : {}),
    ...(Number.isFinite(toMs) ? { untilMs: toMs + SKEW_MS } : {}),
  };
}

function* itemOf(entry: LogEntry, epoch: string, { fromMs, toMs }: ReplayWindow): Generator<ReplayItem> {
  const envelope = decodeEntry(entry, epoch);
  if (envelope === undefined) yield { kind: 'malformed' };
  else if (envelope.timestampMs >= fromMs && envelope.timestampMs < toMs) {
    yield { kind: 'publication', seq: entry.seq, envelope };
  }
}

/** Logs drop their oldest: something of the window is missing only where it reaches before the first that is kept. */
async function gapBefore(
  log: EpochRead['log'],
  address: ChannelAddress,
  lastSeq: number,
  { fromSeq, toSeq, fromMs }: ReplayWindow,
): Promise<ReplayGap | undefined> {
  const [first] = await log.read(address, { limit: 1 });
  if (first === undefined) {
    return lastSeq >= fromSeq ? { after_seq: fromSeq - 1, before_seq: Math.min(lastSeq, toSeq) + 1 } : undefined;
  }
  const dropped = first.prevSeq === UNKNOWN_SEQ ? first.seq - 1 : first.prevSeq;
  const firstMs = decodeEntry(first, '')?.timestampMs ?? first.timestampMs;
  if (dropped < fromSeq || firstMs <= fromMs) return undefined;
  return { after_seq: fromSeq - 1, before_seq: Math.min(first.seq, toSeq + 1) };
}

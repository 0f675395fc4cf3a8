import type { Acknowledged, HistoryIndex, Interval } from './history-index.ts';
import type { HistoryPosition, Violation } from './history.ts';

/** What was acknowledged and never reached a subscriber who was not told of a hole in its place. */
export function checkLosses(index: HistoryIndex): readonly Violation[] {
  const byChannel = new Map<string, Acknowledged[]>();
  for (const acknowledged of index.acknowledged) {
    const channel = channelOf(acknowledged.publication, index);
    const others = byChannel.get(channel);
    if (others === undefined) byChannel.set(channel, [acknowledged]);
    else others.push(acknowledged);
  }
  return index.intervals.flatMap((interval) => {
    const candidates = byChannel.get(channelOf(interval.joined, index)) ?? [];
    const heard = new Set(interval.heard.flatMap((event) => (event.kind === 'delivered' ? [event.id] : [])));
    return candidates
      .filter((candidate) => isDue(candidate, interval) && !heard.has(candidate.publication.id))
      .filter((candidate) => !isExcused(candidate, interval))
      .map((candidate): Violation => ({ invariant: 'nothing-lost', text: describe(candidate, interval) }));
  });
}

function channelOf(
  { client, channel }: { readonly client: string; readonly channel: string },
  { tenantOf }: HistoryIndex,
): string {
  return `${tenantOf(client)}/${channel}`;
}

/** Whether a subscriber may expect it: no `live` message, not before the join, and not its own without an echo. */
function isDue({ publication, publishedAt, position }: Acknowledged, { joined, joinedAt }: Interval): boolean {
  if (position === undefined) return false;
  if (publication.client === joined.client && !joined.echo) return false;
  if (joined.position?.epoch === position.epoch) return position.seq > joined.position.seq;
  return publishedAt > joinedAt;
}

/**
 * Whether the subscriber was told in its place: behind everything that it heard from before the hole, and ahead of
 * everything from after it. What was last before a subscription ended may have been on its way.
 */
function isExcused({ position }: Acknowledged, { heard, isEnded }: Interval): boolean {
  if (position === undefined) return true;
  const isBefore = (at: HistoryPosition | undefined): boolean => at?.epoch === position.epoch && at.seq < position.seq;
  const isBehind = (at: HistoryPosition | undefined): boolean => at?.epoch === position.epoch && at.seq > position.seq;
  const last = heard.findLastIndex((event) => event.kind === 'delivered' && isBefore(event.position));
  const first = heard.findIndex((event) => event.kind === 'delivered' && isBehind(event.position));
  if (first === -1 && isEnded) return true;
  const between = heard.slice(last + 1, first === -1 ? undefined : first);
  return between.some((event) => event.kind === 'signalled');
}

function describe({ publication, position }: Acknowledged, { joined, heard }: Interval): string {
  const near = heard
    .filter((event) => event.kind === 'delivered')
    .flatMap((event) => (event.position?.epoch === position?.epoch ? [event.position?.seq ?? 0] : []));
  const seq = position?.seq ?? 0;
  const before = near.filter((other) => other < seq).at(-1) ?? 'nothing';
  const after = near.find((other) => other > seq) ?? 'nothing';
  const { id, client, channel } = publication;
  return `${joined.client} never heard ${id} of ${client} in ${channel}, acknowledged as ${seq}: ${before}, then ${after}, and no signal`;
}

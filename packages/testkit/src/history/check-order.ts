import type { HistoryIndex } from './history-index.ts';
import type { HistoryPosition, Violation } from './history.ts';

/** Where a channel's order is not one: places with two messages, messages with two places, and who heard them otherwise. */
export function checkOrder(index: HistoryIndex): readonly Violation[] {
  return [...checkPlaces(index), ...checkListeners(index)];
}

interface Placed {
  readonly channel: string;
  readonly id: string;
  readonly position: HistoryPosition;
}

function checkPlaces(index: HistoryIndex): readonly Violation[] {
  const placeOfId = new Map<string, string>();
  const idOfPlace = new Map<string, string>();
  return placedOf(index).flatMap(({ channel, id, position }): Violation[] => {
    const place = `${position.epoch}/${position.seq}`;
    const firstPlace = setDefault(placeOfId, `${channel} ${position.epoch} ${id}`, place);
    const firstId = setDefault(idOfPlace, `${channel} ${place}`, id);
    const found: Violation[] = [];
    if (firstPlace !== place) {
      found.push({ invariant: 'one-order', text: `${id} has two places in ${channel}: ${firstPlace} and ${place}` });
    }
    if (firstId !== id) {
      found.push({ invariant: 'one-order', text: `${place} of ${channel} is ${firstId} and ${id}` });
    }
    return found;
  });
}

function placedOf(index: HistoryIndex): readonly Placed[] {
  const acknowledged = index.acknowledged.flatMap(({ publication: { client, channel, id }, position }) =>
    position === undefined ? [] : [{ channel: `${index.tenantOf(client)}/${channel}`, id, position }],
  );
  const delivered = index.deliveries.flatMap(({ client, channel, id, position }) =>
    position === undefined ? [] : [{ channel: `${index.tenantOf(client)}/${channel}`, id, position }],
  );
  return [...acknowledged, ...delivered];
}

function checkListeners({ intervals }: HistoryIndex): readonly Violation[] {
  return intervals.flatMap(({ joined, heard }) => {
    const found: Violation[] = [];
    const past = new Set<string>();
    let last = joined.position;
    for (const event of heard) {
      if (event.kind !== 'delivered' || event.position === undefined) continue;
      const { position, id } = event;
      const isBackwards = last?.epoch === position.epoch ? position.seq < last.seq : past.has(position.epoch);
      if (isBackwards) {
        const text = `${joined.client} heard ${id} (${position.seq}) of ${joined.channel} after ${last?.seq ?? 0}`;
        found.push({ invariant: 'one-order', text });
      }
      if (last !== undefined && last.epoch !== position.epoch) past.add(last.epoch);
      last = position;
    }
    return found;
  });
}

/** The value that the key had, else the one that it is given now. */
function setDefault(map: Map<string, string>, key: string, value: string): string {
  const known = map.get(key);
  if (known === undefined) map.set(key, value);
  return known ?? value;
}

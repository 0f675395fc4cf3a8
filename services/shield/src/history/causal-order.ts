/** What causal order is about. */
export interface Caused {
  readonly id: string;
  /** Id of the message that caused this one; '' = none. */
  readonly causalParentId: string;
}

/**
 * The items in an order in which none comes before its parent, where that is among them (LOG-13). Otherwise they stay as
 * they are: what waited for its parent follows it, and parents that go round in a circle begin at the circle's first item,
 * after all others.
 */
export function orderCausally<T extends Caused>(items: readonly T[]): readonly T[] {
  const ids = new Set(items.map(({ id }) => id));
  const waiting = new Map<string, T[]>();
  const placed = new Set<T>();
  const placedIds = new Set<string>();
  const place = (item: T): void => {
    const stack = [item];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (placed.has(next)) continue;
      placed.add(next);
      placedIds.add(next.id);
      stack.push(...(waiting.get(next.id) ?? []).toReversed());
      waiting.delete(next.id);
    }
  };
  for (const item of items) {
    const { id, causalParentId: parent } = item;
    if (parent === id || !ids.has(parent) || placedIds.has(parent)) place(item);
    else waiting.set(parent, [...(waiting.get(parent) ?? []), item]);
  }
  const hanging = new Map(items.filter((item) => !placed.has(item)).map((item) => [item.id, item]));
  for (const item of items) {
    if (!placed.has(item)) place(firstOfCircle(item, hanging));
    // Of two with one id, the circle may be the other's.
    place(item);
  }
  return [...placed];
}

/** Of the circle that an item hangs on; `hanging` holds the parent of each, in their order. */
function firstOfCircle<T extends Caused>(item: T, hanging: ReadonlyMap<string, T>): T {
  const path = new Set<string>();
  let { id } = item;
  while (!path.has(id)) {
    path.add(id);
    id = hanging.get(id)?.causalParentId ?? '';
  }
  const ids = [...path];
  const circle = new Set(ids.slice(ids.indexOf(id)));
  for (const candidate of hanging.values()) if (circle.has(candidate.id)) return candidate;
  return item;
}

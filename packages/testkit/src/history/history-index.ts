import type { EventOf, History, HistoryEvent, HistoryPosition } from './history.ts';

/** A publication that was acknowledged, with the place that the acknowledgement named. */
export interface Acknowledged {
  readonly publication: EventOf<'published'>;
  /** Where it stands among all events. */
  readonly publishedAt: number;
  readonly position: HistoryPosition | undefined;
}

/** A subscription from its join to its end. */
export interface Interval {
  readonly joined: EventOf<'joined'>;
  readonly joinedAt: number;
  /** It ended before the run did: what was on its way then need not have arrived. */
  isEnded: boolean;
  /** Deliveries and signals, in order. */
  readonly heard: (EventOf<'delivered'> | EventOf<'signalled'>)[];
}

/** A history, sorted by what is asked of it. */
export interface HistoryIndex {
  readonly history: History;
  readonly publications: ReadonlyMap<string, EventOf<'published'>>;
  readonly acknowledged: readonly Acknowledged[];
  readonly refused: ReadonlySet<string>;
  readonly deliveries: readonly EventOf<'delivered'>[];
  readonly revocations: readonly EventOf<'revoked'>[];
  readonly intervals: readonly Interval[];
  /** '' for a client that the history does not know. */
  tenantOf(client: string): string;
}

/** Sorts the events of a history. */
export function indexHistory(history: History): HistoryIndex {
  const { events, clients } = history;
  const publications = new Map(ofKind(events, 'published').map((event) => [event.id, event]));
  return {
    history,
    publications,
    acknowledged: indexAcknowledged(events),
    refused: new Set(ofKind(events, 'refused').map(({ id }) => id)),
    deliveries: ofKind(events, 'delivered'),
    revocations: ofKind(events, 'revoked'),
    intervals: indexIntervals(events),
    tenantOf: (client) => clients.get(client)?.tenant ?? '',
  };
}

function ofKind<K extends HistoryEvent['kind']>(events: readonly HistoryEvent[], kind: K): EventOf<K>[] {
  return events.filter((event): event is EventOf<K> => event.kind === kind);
}

function indexAcknowledged(events: readonly HistoryEvent[]): readonly Acknowledged[] {
  const places = new Map<string, { readonly publication: EventOf<'published'>; readonly publishedAt: number }>();
  const acknowledged: Acknowledged[] = [];
  events.forEach((event, at) => {
    if (event.kind === 'published') places.set(event.id, { publication: event, publishedAt: at });
    const place = event.kind === 'acknowledged' ? places.get(event.id) : undefined;
    if (event.kind === 'acknowledged' && place !== undefined) acknowledged.push({ ...place, position: event.position });
  });
  return acknowledged;
}

function indexIntervals(events: readonly HistoryEvent[]): readonly Interval[] {
  const open = new Map<string, Interval>();
  const intervals: Interval[] = [];
  events.forEach((event, at) => {
    if (!('channel' in event)) return;
    const key = `${event.client} ${event.channel}`;
    if (event.kind === 'joined') {
      const interval: Interval = { joined: event, joinedAt: at, isEnded: false, heard: [] };
      open.set(key, interval);
      intervals.push(interval);
    } else if (event.kind === 'left') {
      const interval = open.get(key);
      if (interval !== undefined) interval.isEnded = true;
      open.delete(key);
    } else if (event.kind !== 'published') {
      open.get(key)?.heard.push(event);
    }
  });
  return intervals;
}

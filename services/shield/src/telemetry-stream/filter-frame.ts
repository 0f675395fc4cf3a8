import { scanJson } from '@arqonbus/protocol';
import type { FieldProblem, Limits } from '@arqonbus/protocol';
import { eventNames, isEventName } from '../activity/activity-events.ts';
import type { EventName } from '../activity/activity-events.ts';

/** A client's wish to hear more, or less. */
export interface FilterFrame {
  readonly type: 'subscribe' | 'unsubscribe';
  /** Empty where the client gave none. */
  readonly id: string;
  readonly events: readonly EventName[];
}

/** The outcome of reading a frame; `isMalformed` = it was no wish at all, which nobody does by mistake for long. */
export type FilterFrameResult =
  | { readonly ok: true; readonly frame: FilterFrame }
  | {
      readonly ok: false;
      readonly isMalformed: boolean;
      readonly id: string;
      readonly errors: readonly FieldProblem[];
    };

const MAX_ID = 84;
const MAX_NAMES_TOLD = 10;
const MAX_NAME_TOLD = 64;

/** Reads `{type: 'subscribe' | 'unsubscribe', events?: [names]}`; without `events` all of them are meant. */
export function parseFilterFrame(frame: Uint8Array, limits: Limits): FilterFrameResult {
  const scanned = scanJson(frame, 0, frame.length, limits, { refusesPrototypes: true, outerDepth: 0 });
  if (scanned !== undefined) return malformed('', scanned.field, scanned.problem);
  const value: unknown = JSON.parse(new TextDecoder().decode(frame));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return malformed('', '', 'is not an object');
  const { type, id, events = eventNames } = value as Readonly<Record<string, unknown>>;
  const replyTo = typeof id === 'string' && id.length <= MAX_ID ? id : '';
  if (type !== 'subscribe' && type !== 'unsubscribe')
    return malformed(replyTo, 'type', 'must be subscribe or unsubscribe');
  if (!isTexts(events)) return malformed(replyTo, 'events', 'must be a list of names');
  const unknown = events.filter((name) => !isEventName(name));
  if (unknown.length === 0) return { ok: true, frame: { type, id: replyTo, events: events.filter(isEventName) } };
  const errors = unknown
    .slice(0, MAX_NAMES_TOLD)
    .map((name) => ({ field: 'events', problem: `has no event ${JSON.stringify(name.slice(0, MAX_NAME_TOLD))}` }));
  return { ok: false, isMalformed: false, id: replyTo, errors };
}

/**
 * The events wanted after this frame; undefined = all, as long as nothing was ever said. The first `subscribe` names
 * what is wanted, later ones add to it.
 */
export function applyFilter(
  wanted: ReadonlySet<EventName> | undefined,
  { type, events }: FilterFrame,
): ReadonlySet<EventName> {
  if (type === 'subscribe') return new Set([...(wanted ?? []), ...events]);
  return new Set([...(wanted ?? eventNames)].filter((name) => !events.includes(name)));
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function malformed(id: string, field: string, problem: string): FilterFrameResult {
  return { ok: false, isMalformed: true, id, errors: [{ field, problem }] };
}

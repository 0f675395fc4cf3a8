import type { LogProfile, LogRule, TenantId } from '@arqonbus/protocol';
import {
  LogLayoutSchema,
  LogLayoutsRecordSchema,
  create,
  readMessage,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import type { LogLayout as WireLayout } from '@arqonbus/protocol/spine-messages';
import { logStream } from '../../subjects/subjects.ts';
import type { LogShard } from '../../subjects/subjects.ts';

/** Which channels the log keeps, how, and in which streams (LOG-1, LOG-2). */
export interface LogLayout {
  readonly profiles: readonly LogProfile[];
  readonly rules: readonly LogRule[];
  /** Into how many streams the tenants of a profile are spread. */
  readonly shards: number;
  /** Tenants with streams of their own. */
  readonly dedicated: readonly string[];
}

/** A layout that is or was in force; the numbers grow. */
export interface NumberedLayout extends LogLayout {
  readonly generation: number;
}

/** One stream of the log. */
export interface LogStreamPlace {
  readonly stream: string;
  readonly profile: LogProfile;
  readonly shard: LogShard;
}

/** How many layouts are remembered, the one in force included. */
export const MAX_LAYOUTS = 32;

/** A layout of these profiles and rules; by default all tenants share one stream a profile. */
export function createLogLayout(
  profiles: readonly LogProfile[],
  rules: readonly LogRule[] = [],
  { shards = 1, dedicated = [] }: Partial<Pick<LogLayout, 'shards' | 'dedicated'>> = {},
): LogLayout {
  return { profiles, rules, shards, dedicated };
}

/** All streams of a layout. */
export function streamsOf({ profiles, shards, dedicated }: LogLayout): readonly LogStreamPlace[] {
  const all: readonly LogShard[] = [
    ...Array.from({ length: shards }, (_, shard) => shard),
    ...(dedicated as readonly TenantId[]),
  ];
  return profiles
    .filter(({ logClass }) => logClass !== 'live')
    .flatMap((profile) => all.map((shard) => ({ stream: logStream(profile.name, shard), profile, shard })));
}

/** Whether two layouts keep every channel in the same way. */
export function isSameLayout(one: LogLayout, other: LogLayout): boolean {
  return textOf(one) === textOf(other);
}

/** Layouts as they are stored, the newest last. */
export function encodeLayouts(layouts: readonly NumberedLayout[]): Uint8Array {
  return toBinary(LogLayoutsRecordSchema, create(LogLayoutsRecordSchema, { layouts: layouts.map(toWire) }));
}

/** Undefined for what is none: it is dropped (SPN-3). */
export function decodeLayouts(data: Uint8Array): readonly NumberedLayout[] | undefined {
  const record = readMessage(LogLayoutsRecordSchema, data);
  const layouts = record?.layouts.map(fromWire);
  return layouts === undefined || layouts.length === 0 || !layouts.every((layout) => layout !== undefined)
    ? undefined
    : layouts;
}

function textOf({ profiles, rules, shards, dedicated }: LogLayout): string {
  const byName = profiles.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const profileTexts = byName.map(({ name, logClass, maxMessages, maxAgeMs, maxBytes, archive = false }) => [
    name,
    logClass,
    maxMessages,
    maxAgeMs,
    maxBytes,
    archive,
  ]);
  const ruleTexts = rules.map(({ pattern, profile }) => [pattern, profile]);
  return JSON.stringify([profileTexts, ruleTexts, shards, dedicated.toSorted()]);
}

function toWire({ generation, profiles, rules, shards, dedicated }: NumberedLayout): WireLayout {
  return create(LogLayoutSchema, {
    generation: BigInt(generation),
    profiles: profiles.map(({ maxMessages, maxAgeMs, maxBytes, ...profile }) => ({
      ...profile,
      maxMessages: BigInt(maxMessages),
      maxAgeMs: BigInt(maxAgeMs),
      maxBytes: BigInt(maxBytes),
    })),
    rules: rules.map(({ pattern, profile }) => ({ pattern, profile })),
    shards,
    dedicated: [...dedicated],
  });
}

const LOG_CLASSES = ['live', 'history', 'durable', 'state'] as const;

function fromWire({ generation, profiles, rules, shards, dedicated }: WireLayout): NumberedLayout | undefined {
  const known = profiles.map(({ name, logClass, maxMessages, maxAgeMs, maxBytes, archive }) => {
    const found = LOG_CLASSES.find((one) => one === logClass);
    if (found === undefined) return undefined;
    const limits = { maxMessages: Number(maxMessages), maxAgeMs: Number(maxAgeMs), maxBytes: Number(maxBytes) };
    return { name, logClass: found, ...limits, ...(archive ? { archive } : {}) };
  });
  if (!known.every((profile) => profile !== undefined) || shards < 1) return undefined;
  const ruleList = rules.map(({ pattern, profile }) => ({ pattern, profile }));
  return {
    generation: Number(generation),
    profiles: known,
    rules: ruleList,
    shards,
    dedicated,
  };
}

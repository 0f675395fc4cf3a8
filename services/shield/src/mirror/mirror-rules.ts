import { compilePattern, isReservedRoom } from '@arqonbus/protocol';
import type { TargetPredicate, TenantId } from '@arqonbus/protocol';
import { MirrorRuleRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import { parseMirrorKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';

/** The rules of mirroring of all tenants, as the key-value bucket tells them. */
export interface MirrorRules {
  /** False while there are none: then nothing is asked for any message. */
  isAny(): boolean;
  /** The largest share that a rule asks of a channel; 0 = none of it is copied. */
  percentOf(tenant: TenantId, room: string, channel: string): number;
  count(): number;
  stop(): void;
}

interface Rule {
  readonly matches: TargetPredicate;
  readonly percent: number;
}

interface TenantRules {
  readonly rules: Map<string, Rule>;
  /** What was found of channels, until a rule changes. */
  readonly percents: Map<string, number>;
}

/** Beyond, a tenant's channels are looked at anew. */
const MAX_KNOWN_CHANNELS = 1_000;

/**
 * Watches the bucket. Nobody waits for it: who is let in before it was read is copied a moment later. A rule that cannot be
 * read copies nothing; `onMalformed` hears of it.
 */
export function watchMirrorRules(bucket: KeyValue, onMalformed: (tenant: TenantId) => void): MirrorRules {
  const tenants = new Map<TenantId, TenantRules>();
  const apply = ({ key, value }: KeyValueChange): void => {
    const place = parseMirrorKey(key);
    if (place === undefined) return;
    const { tenant, ruleId } = place;
    const known = tenants.get(tenant) ?? { rules: new Map<string, Rule>(), percents: new Map<string, number>() };
    const rule = value === undefined ? undefined : decodeRule(value);
    if (value !== undefined && rule === undefined) onMalformed(tenant);
    if (rule === undefined) known.rules.delete(ruleId);
    else known.rules.set(ruleId, rule);
    known.percents.clear();
    if (known.rules.size === 0) tenants.delete(tenant);
    else tenants.set(tenant, known);
  };
  const watch = bucket.watch('', apply);
  return {
    isAny: () => tenants.size > 0,
    percentOf: (tenant, room, channel) => {
      const known = tenants.get(tenant);
      return known === undefined ? 0 : percentIn(known, room, channel);
    },
    count: () => {
      let count = 0;
      for (const { rules } of tenants.values()) count += rules.size;
      return count;
    },
    stop: () => watch.stop(),
  };
}

function percentIn({ rules, percents }: TenantRules, room: string, channel: string): number {
  const name = `${room}:${channel}`;
  const found = percents.get(name);
  if (found !== undefined) return found;
  const matching = [...rules.values()].filter(({ matches }) => matches(room, channel));
  // The bus's own rooms are never copied (PRT-26).
  const percent = isReservedRoom(room) ? 0 : Math.max(0, ...matching.map((rule) => rule.percent));
  if (percents.size >= MAX_KNOWN_CHANNELS) percents.clear();
  percents.set(name, percent);
  return percent;
}

function decodeRule(value: Uint8Array): Rule | undefined {
  const record = readMessage(MirrorRuleRecordSchema, value);
  const matches = record === undefined ? undefined : compilePattern(record.pattern);
  if (record === undefined || matches === undefined || !(record.percent >= 0)) return undefined;
  return { matches, percent: record.percent };
}

import { isReservedRoom } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { WebhookRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { WebhookRecord } from '@arqonbus/protocol/spine-messages';
import { parseWebhookKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';

/** What a webhook can wait for (WHK-2). */
export const WEBHOOK_EVENTS = [
  'message',
  'presence',
  'channel_created',
  'channel_deleted',
  'channel_vacated',
  'casil',
  'disconnect',
] as const;

/** One of them. */
export type WebhookEventType = (typeof WEBHOOK_EVENTS)[number];

/** The webhooks of all tenants, as the key-value bucket tells them. */
export interface HooksInForce {
  /** False while there are none: then nothing is asked for any event. */
  isAny(): boolean;
  /** Who waits for such an event there; `''` = it is of no room. None in the bus's own rooms (PRT-26). */
  waitingFor(tenant: TenantId, type: WebhookEventType, room: string, channel: string): readonly string[];
  get(tenant: TenantId, webhookId: string): WebhookRecord | undefined;
  /** All of a tenant. */
  of(tenant: TenantId): readonly WebhookRecord[];
  tenants(): readonly TenantId[];
  /** Tenants with a webhook that waits for any of these. */
  tenantsWaitingFor(types: readonly WebhookEventType[]): readonly TenantId[];
  count(): number;
  /** Resolves when those that exist are known. */
  readonly ready: Promise<void>;
  stop(): void;
}

interface TenantHooks {
  readonly hooks: Map<string, WebhookRecord>;
  /** What was found for events of channels, until a webhook changes. */
  readonly found: Map<string, readonly string[]>;
}

/** Beyond, a tenant's channels are looked at anew. */
const MAX_FOUND = 10_000;
const NOBODY: readonly string[] = [];

/** Watches the bucket. A record that cannot be read waits for nothing; `onMalformed` hears of it. */
export function watchHooks(bucket: KeyValue, onMalformed: (tenant: TenantId) => void): HooksInForce {
  const tenants = new Map<TenantId, TenantHooks>();
  const apply = ({ key, value }: KeyValueChange): void => {
    const place = parseWebhookKey(key);
    if (place === undefined) return;
    const { tenant, webhookId } = place;
    const known = tenants.get(tenant) ?? { hooks: new Map(), found: new Map() };
    const record = value === undefined ? undefined : readMessage(WebhookRecordSchema, value);
    if (value !== undefined && record === undefined) onMalformed(tenant);
    if (record === undefined) known.hooks.delete(webhookId);
    else known.hooks.set(webhookId, record);
    known.found.clear();
    if (known.hooks.size === 0) tenants.delete(tenant);
    else tenants.set(tenant, known);
  };
  const watch = bucket.watch('', apply);
  return {
    isAny: () => tenants.size > 0,
    waitingFor: (tenant, type, room, channel) => {
      const known = tenants.get(tenant);
      return known === undefined ? NOBODY : findIn(known, type, room, channel);
    },
    get: (tenant, webhookId) => tenants.get(tenant)?.hooks.get(webhookId),
    of: (tenant) => [...(tenants.get(tenant)?.hooks.values() ?? [])],
    tenants: () => [...tenants.keys()],
    tenantsWaitingFor: (types) =>
      [...tenants].flatMap(([tenant, { hooks }]) =>
        [...hooks.values()].some((hook) => hook.status === 'active' && types.some((type) => hook.events.includes(type)))
          ? [tenant]
          : [],
      ),
    count: () => {
      let count = 0;
      for (const { hooks } of tenants.values()) count += hooks.size;
      return count;
    },
    ready: watch.ready,
    stop: () => watch.stop(),
  };
}

function findIn(
  { hooks, found }: TenantHooks,
  type: WebhookEventType,
  room: string,
  channel: string,
): readonly string[] {
  const place = `${type} ${room}:${channel}`;
  const known = found.get(place);
  if (known !== undefined) return known;
  const ids = isReservedRoom(room)
    ? NOBODY
    : [...hooks.values()].filter((hook) => isWaiting(hook, type, room, channel)).map(({ webhookId }) => webhookId);
  if (found.size >= MAX_FOUND) found.clear();
  found.set(place, ids);
  return ids;
}

function isWaiting(hook: WebhookRecord, type: string, room: string, channel: string): boolean {
  if (hook.status !== 'active' || !hook.events.includes(type)) return false;
  return (hook.room === '' || hook.room === room) && (hook.channel === '' || hook.channel === channel);
}

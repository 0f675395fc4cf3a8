import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { WebhookRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { WebhookRecord, WebhookRequester, WebhookSecrets } from '@arqonbus/protocol/spine-messages';
import { tenantPrefix, webhookKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { StoredWebhook, WebhookStore } from '@arqonbus/storage';
import { parseTenant, parseUser } from '../requests/parse-request.ts';
import type { WebhookParts, WebhookPlace } from './webhook-parts.ts';

/** A record as the store keeps it. */
export function storedOf(record: WebhookRecord): StoredWebhook {
  const { webhookId, owner, version } = record;
  return { webhookId, owner, version, record: toBinary(WebhookRecordSchema, record) };
}

/** Undoes {@link storedOf}. */
export function recordOf({ record }: StoredWebhook): WebhookRecord {
  return fromBinary(WebhookRecordSchema, record);
}

/** A record with some fields changed, and the next version. */
export function nextRecord(record: WebhookRecord, change: Partial<Omit<WebhookRecord, '$typeName'>>): WebhookRecord {
  return create(WebhookRecordSchema, { ...record, ...change, version: record.version + 1 });
}

/** A webhook that somebody asks about, with what is sealed in it. */
export interface FoundWebhook extends WebhookPlace {
  readonly by: WebhookRequester;
  readonly record: WebhookRecord;
  readonly secrets: WebhookSecrets;
}

/**
 * The webhook of a request. Its owner and administrators see it; for everybody else, and for a wrong id, there is none:
 * `NOT_FOUND`.
 */
export async function findWebhook(
  { store, box }: WebhookParts,
  request: { readonly tenant: string; readonly by?: WebhookRequester | undefined; readonly webhookId: string },
): Promise<FoundWebhook> {
  const tenant = parseTenant(request.tenant);
  const by = parseBy(request.by);
  const stored = await store.get(tenant, request.webhookId);
  if (stored === undefined || (stored.owner !== by.user && !by.admin)) throw new BusError('NOT_FOUND');
  const record = recordOf(stored);
  const secrets = box.open(tenant, record.webhookId, record.sealed);
  if (secrets === undefined)
    throw new BusError('UNAVAILABLE', 'The webhook is sealed with a key that is not set here.');
  return { tenant, webhookId: record.webhookId, by, record, secrets };
}

/** Who asks. */
export function parseBy(by: WebhookRequester | undefined): WebhookRequester {
  if (by === undefined) throw new BusError('VALIDATION_ERROR', 'The requester is missing.');
  parseUser(by.user);
  return by;
}

/** Puts a record in force everywhere: a newer one that is there already stays. */
export async function putInForce(bucket: KeyValue, tenant: TenantId, record: WebhookRecord): Promise<void> {
  const key = webhookKey(tenant, record.webhookId);
  const value = toBinary(WebhookRecordSchema, record);
  for (;;) {
    const known = await bucket.get(key);
    if (known !== undefined && fromBinary(WebhookRecordSchema, known.value).version >= record.version) return;
    try {
      await (known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision));
      return;
    } catch (error) {
      // Another Brain was faster: what it put is looked at anew.
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    }
  }
}

/** Brings the bucket to what the store holds of a tenant: a Brain may have died between the two. */
export async function reconcile(bucket: KeyValue, store: WebhookStore, tenant: TenantId): Promise<void> {
  const entries = await bucket.list(tenantPrefix(tenant));
  const stored = await listAll(store, tenant);
  const known = new Map(entries.map((entry) => [entry.key, entry]));
  for (const webhook of stored) {
    const entry = known.get(webhookKey(tenant, webhook.webhookId));
    known.delete(webhookKey(tenant, webhook.webhookId));
    if (entry === undefined || fromBinary(WebhookRecordSchema, entry.value).version < webhook.version) {
      await putInForce(bucket, tenant, recordOf(webhook));
    }
  }
  for (const { key, value } of known.values()) {
    // Not one that was registered while this was looked at.
    const { webhookId } = fromBinary(WebhookRecordSchema, value);
    if ((await store.get(tenant, webhookId)) === undefined) await bucket.delete(key);
  }
}

async function listAll(store: WebhookStore, tenant: TenantId): Promise<readonly StoredWebhook[]> {
  const all: StoredWebhook[] = [];
  for (let after = ''; ; after = all.at(-1)?.webhookId ?? '') {
    const page = await store.list(tenant, { owner: undefined, after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

const PAGE = 500;

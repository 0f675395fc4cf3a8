import { WebhookRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type {
  RegisterWebhookRequest,
  RotateWebhookSecretRequest,
  UpdateWebhookRequest,
  WebhookRecord,
  WebhookRequest,
  WebhookRequester,
  WebhookView,
} from '@arqonbus/protocol/spine-messages';
import { BusError } from '@arqonbus/protocol';
import { webhookKey } from '@arqonbus/spine';
import type { GovernanceAction } from '../audit/audit.ts';
import { digestOf } from '../audit/audit-record.ts';
import { parseRequester, parseTenant, parseText, parseTraceId } from '../requests/parse-request.ts';
import { findWebhook, nextRecord, parseBy, putInForce, recordOf, storedOf } from './hook-records.ts';
import { generateSecret, secretsOf } from './webhook-box.ts';
import type { WebhookParts, WebhookPlace } from './webhook-parts.ts';
import { viewOf } from './webhook-view.ts';
import { parseEvents, parseHeaders, parsePlace, parseSecret, parseUrl } from './webhook-wish.ts';

const MAX_DESCRIPTION_LENGTH = 1_024;
const MAX_OVERLAP_MS = 604_800_000;
const MAX_SECRETS = 3;

/** Makes a webhook. Its secret is in the answer and nowhere else (WHK-1). */
export async function register(
  request: RegisterWebhookRequest,
  parts: WebhookParts,
): Promise<{ readonly webhook: WebhookView; readonly secret: string }> {
  const tenant = parseTenant(request.tenant);
  const by = parseBy(request.by);
  const webhookId = parts.nextWebhookId();
  const secret = request.secret === '' ? generateSecret() : parseSecret(request.secret);
  const secrets = secretsOf(await parseUrl(request.url, parts), parseHeaders(request.headers), secret);
  const record = create(WebhookRecordSchema, {
    webhookId,
    ...ownerOf(by),
    ...parsePlace(request.room, request.channel),
    events: parseEvents(request.events),
    description: parseText(request.description, MAX_DESCRIPTION_LENGTH, 'description'),
    timeoutMs: timeoutOf(request.timeoutMs, parts),
    status: 'active',
    createdAtMs: BigInt(parts.clock.now()),
    version: 1,
    sealed: parts.box.seal(tenant, webhookId, secrets),
  });
  const { perTenant, perUser: perOwner } = parts.limits;
  await parts.audit.run(actionOf('register', { tenant, webhookId }, by, undefined, record), async () => {
    await parts.store.add(tenant, storedOf(record), { perTenant, perOwner });
    await putInForce(parts.bucket, tenant, record);
  });
  return { webhook: viewOf(record, secrets), secret };
}

/** Changes a webhook; what the request does not name stays. An owner's change is judged by the rights of now. */
export async function update(
  request: UpdateWebhookRequest,
  parts: WebhookParts,
): Promise<{ readonly webhook: WebhookView }> {
  const found = await findWebhook(parts, request);
  const { tenant, webhookId, by, record } = found;
  const url = request.url === undefined ? found.secrets.url : await parseUrl(request.url, parts);
  const headers = request.replacesHeaders ? parseHeaders(request.headers) : found.secrets.headers;
  const secrets = { ...found.secrets, url, headers: { ...headers } };
  const { room = record.room, channel = record.channel, description = record.description } = request;
  const changed = nextRecord(record, {
    ...(by.user === record.owner ? ownerOf(by) : {}),
    ...parsePlace(room, channel),
    events: request.events.length === 0 ? record.events : parseEvents(request.events),
    description: parseText(description, MAX_DESCRIPTION_LENGTH, 'description'),
    timeoutMs: request.timeoutMs === undefined ? record.timeoutMs : timeoutOf(request.timeoutMs, parts),
    status: statusOf(request.status ?? record.status),
    sealed: parts.box.seal(tenant, webhookId, secrets),
  });
  await change(parts, found, changed, 'update');
  return { webhook: viewOf(changed, secrets) };
}

/** Takes a webhook away with its deliveries; what is on its way is not sent any more. */
export async function unregister(
  request: WebhookRequest,
  parts: WebhookParts,
): Promise<{ readonly unregistered: boolean }> {
  const tenant = parseTenant(request.tenant);
  const by = parseBy(request.by);
  const { webhookId } = request;
  const stored = await parts.store.get(tenant, webhookId);
  if (stored === undefined || (stored.owner !== by.user && !by.admin)) return { unregistered: false };
  await parts.audit.run(actionOf('unregister', { tenant, webhookId }, by, recordOf(stored), undefined), async () => {
    await parts.store.remove(tenant, webhookId);
    await parts.bucket.delete(webhookKey(tenant, webhookId));
  });
  return { unregistered: true };
}

/** Gives a webhook a new secret; the one before signs as well for a while, so that the receiver can change over (WHK-1). */
export async function rotateSecret(
  request: RotateWebhookSecretRequest,
  parts: WebhookParts,
): Promise<{ readonly secret: string; readonly previousUntilMs: bigint }> {
  const overlapMs = Number(request.overlapMs);
  if (!(overlapMs >= 0 && overlapMs <= MAX_OVERLAP_MS))
    throw new BusError('VALIDATION_ERROR', 'The overlap is too long.');
  const found = await findWebhook(parts, request);
  const { tenant, webhookId, record } = found;
  const secret = request.secret === '' ? generateSecret() : parseSecret(request.secret);
  const nowMs = parts.clock.now();
  const previousUntilMs = BigInt(nowMs + overlapMs);
  const before = found.secrets.secrets
    .map((old) => (old.untilMs === 0n || old.untilMs > previousUntilMs ? { ...old, untilMs: previousUntilMs } : old))
    .filter(({ untilMs }) => Number(untilMs) > nowMs)
    .slice(0, MAX_SECRETS - 1);
  const secrets = secretsOf(found.secrets.url, found.secrets.headers, secret, before);
  await change(
    parts,
    found,
    nextRecord(record, { sealed: parts.box.seal(tenant, webhookId, secrets) }),
    'rotate_secret',
  );
  return { secret, previousUntilMs };
}

async function change(
  { audit, store, bucket }: WebhookParts,
  { tenant, webhookId, by, record }: WebhookPlace & { readonly by: WebhookRequester; readonly record: WebhookRecord },
  changed: WebhookRecord,
  name: string,
): Promise<void> {
  await audit.run(actionOf(name, { tenant, webhookId }, by, record, changed), async () => {
    await store.update(tenant, storedOf(changed));
    await putInForce(bucket, tenant, changed);
  });
}

function actionOf(
  name: string,
  { tenant, webhookId }: WebhookPlace,
  by: WebhookRequester,
  before: WebhookRecord | undefined,
  after: WebhookRecord | undefined,
): GovernanceAction {
  const { room = '', channel = '', events = [], owner = '' } = after ?? before ?? {};
  return {
    tenant,
    actor: parseRequester(by.user),
    action: `op.webhook.${name}`,
    target: `webhook:${webhookId}`,
    traceId: parseTraceId(by.traceId),
    before: digestOf(before && toBinary(WebhookRecordSchema, before)),
    after: digestOf(after && toBinary(WebhookRecordSchema, after)),
    details: { owner, room, channel, events: events.join(',') },
  };
}

function ownerOf(by: WebhookRequester): Pick<WebhookRecord, 'owner' | 'role' | 'capabilities' | 'permissions'> {
  return { owner: by.user, role: by.role, capabilities: by.capabilities, permissions: by.permissions };
}

function timeoutOf(asked: number, { limits }: WebhookParts): number {
  return asked === 0 ? 0 : Math.min(asked, limits.timeoutMs);
}

function statusOf(status: string): string {
  if (status !== 'active' && status !== 'disabled') throw new BusError('VALIDATION_ERROR', 'The status is none.');
  return status;
}

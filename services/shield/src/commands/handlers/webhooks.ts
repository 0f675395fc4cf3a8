import { BusError, formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandName, CommandResult, Envelope } from '@arqonbus/protocol';
import type { WebhookDeliveryView, WebhookView } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import type { BrainRequest } from '@arqonbus/spine';
import type { Session } from '../../session/session.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { nextPage } from '../next-page.ts';
import { requireRight } from '../require-right.ts';
import { traceIdOf } from '../trace-id.ts';

type Outcome<N extends CommandName> = Promise<CommandOutcome<CommandResult<N>>>;

/** Has what happens posted to an address, where the session may join (WHK-1). */
export async function registerWebhook(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.webhook.register'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.register'> {
  requireWaiting(session, args.room ?? '', args.channel ?? '', args.events ?? []);
  const { url, room = '', channel = '', events = [], headers = {}, secret = '', description = '' } = args;
  const { tenant } = session;
  const wish = { url, room, channel, events: [...events], headers: { ...headers }, secret, description };
  const request = { tenant, by: requesterOf(session, envelope), ...wish, timeoutMs: args.timeout_ms ?? 0 };
  const answer = await callBrain(spine, 'webhooks.register', request, deadlineMs);
  return { result: { ...describe(answer.webhook), secret: answer.secret } };
}

/** Lists the session's own, or for administrators the tenant's. */
export async function listWebhooks(
  { session, envelope, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.webhook.list'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.list'> {
  requireSome(session);
  const request = { tenant: session.tenant, by: requesterOf(session, envelope), cursor, limit };
  const page = await callBrain(spine, 'webhooks.list', request, deadlineMs);
  return { result: { items: page.items.map(describe), ...nextPage(page) } };
}

/** Tells of one. */
export async function getWebhook(
  call: CommandCall,
  { webhook_id: id }: CommandArgs<'op.webhook.get'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.get'> {
  const { webhook } = await callBrain(spine, 'webhooks.get', about(call, id), call.deadlineMs);
  return { result: describe(webhook) };
}

/** Changes what is named. */
export async function updateWebhook(
  call: CommandCall,
  args: CommandArgs<'op.webhook.update'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.update'> {
  const { webhook_id: id, url, room, channel, events = [], headers, timeout_ms: timeoutMs, description, status } = args;
  if (channel !== undefined && room === undefined) throw invalid([{ field: 'args.room', problem: 'is required' }]);
  if (room !== undefined) requireWaiting(call.session, room, channel ?? '', events);
  else if (events.length > 0) requireEvents(call.session, events);
  const change = {
    ...(url === undefined ? {} : { url }),
    ...(room === undefined ? {} : { room, channel: channel ?? '' }),
    ...(headers === undefined ? {} : { headers: { ...headers }, replacesHeaders: true }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(description === undefined ? {} : { description }),
    ...(status === undefined ? {} : { status }),
  };
  const request = { ...about(call, id), ...change, events: [...events] };
  const { webhook } = await callBrain(spine, 'webhooks.update', request, call.deadlineMs);
  return { result: describe(webhook) };
}

/** Takes one away. */
export async function unregisterWebhook(
  call: CommandCall,
  { webhook_id: id }: CommandArgs<'op.webhook.unregister'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.unregister'> {
  const { unregistered } = await callBrain(spine, 'webhooks.unregister', about(call, id), call.deadlineMs);
  return { result: { unregistered } };
}

const DAY_MS = 86_400_000;

/** Gives one a new secret. */
export async function rotateWebhookSecret(
  call: CommandCall,
  { webhook_id: id, secret = '', overlap_ms: overlapMs = DAY_MS }: CommandArgs<'op.webhook.rotate_secret'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.rotate_secret'> {
  const request = { ...about(call, id), secret, overlapMs: BigInt(overlapMs) };
  const answer = await callBrain(spine, 'webhooks.rotate_secret', request, call.deadlineMs);
  const previousUntil = formatTime(Number(answer.previousUntilMs));
  return { result: { webhook_id: id, secret: answer.secret, previous_until: previousUntil } };
}

/** Lists what became of the latest deliveries. */
export function listDeliveries(
  call: CommandCall,
  args: CommandArgs<'op.webhook.deliveries'>,
  parts: CommandParts,
): Outcome<'op.webhook.deliveries'> {
  return deliveries(call, args, parts, false);
}

/** Lists what was given up. */
export function listDeadLetters(
  call: CommandCall,
  args: CommandArgs<'op.webhook.dlq.list'>,
  parts: CommandParts,
): Outcome<'op.webhook.dlq.list'> {
  return deliveries(call, args, parts, true);
}

/** Delivers one again. */
export async function replayDelivery(
  call: CommandCall,
  { webhook_id: id, delivery_id: deliveryId }: CommandArgs<'op.webhook.replay'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.replay'> {
  const request = { ...about(call, id), deliveryId, dead: false };
  const { replayed } = await callBrain(spine, 'webhooks.replay', request, call.deadlineMs);
  return { result: { replayed } };
}

/** Delivers again what was given up. */
export async function replayDeadLetters(
  call: CommandCall,
  { webhook_id: id, delivery_id: deliveryId = '' }: CommandArgs<'op.webhook.dlq.replay'>,
  { spine }: CommandParts,
): Outcome<'op.webhook.dlq.replay'> {
  const request = { ...about(call, id), deliveryId, dead: true };
  const { replayed } = await callBrain(spine, 'webhooks.replay', request, call.deadlineMs);
  return { result: { replayed } };
}

async function deliveries(
  call: CommandCall,
  { webhook_id: id, cursor = '', limit = 0 }: CommandArgs<'op.webhook.deliveries'>,
  { spine }: CommandParts,
  dead: boolean,
): Outcome<'op.webhook.deliveries'> {
  const request = { ...about(call, id), dead, cursor, limit };
  const page = await callBrain(spine, 'webhooks.deliveries', request, call.deadlineMs);
  return { result: { items: page.items.map(describeDelivery), ...nextPage(page) } };
}

function about({ session, envelope }: CommandCall, webhookId: string) {
  requireSome(session);
  return { tenant: session.tenant, by: requesterOf(session, envelope), webhookId };
}

/** Who may join nowhere has no webhooks. */
function requireSome(session: Session): void {
  if (session.principal.role === 'guest') throw new BusError('AUTHORIZATION_ERROR');
}

/** What happens everywhere is for administrators; elsewhere it is for who may join. */
function requireWaiting(session: Session, room: string, channel: string, events: readonly string[]): void {
  requireSome(session);
  requireEvents(session, events);
  if (room === '') {
    if (channel !== '') throw invalid([{ field: 'args.room', problem: 'is required' }]);
    requireRight(session, 'admin', '*', '*');
  } else if (channel !== '') {
    requireRight(session, 'join', room, channel);
    if (events.includes('presence')) requireRight(session, 'presence', room, channel);
  }
}

function requireEvents(session: Session, events: readonly string[]): void {
  if (events.includes('casil') || events.includes('disconnect')) requireRight(session, 'admin', '*', '*');
}

function requesterOf(session: Session, envelope: Envelope): NonNullable<BrainRequest<'webhooks.get'>['by']> {
  const { user, role, capabilities, permissions } = session.principal;
  return {
    user,
    role,
    capabilities: [...capabilities],
    permissions: permissions.length === 0 ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(permissions)),
    admin: session.rights.may('admin', '*', '*'),
    traceId: traceIdOf(envelope),
  };
}

function describe(view: WebhookView | undefined): CommandResult<'op.webhook.get'> {
  const { record, url = '', headers = [] } = view ?? {};
  if (record === undefined) throw new BusError('INTERNAL_ERROR');
  return {
    webhook_id: record.webhookId,
    url,
    ...(record.room === '' ? {} : { room: record.room }),
    ...(record.channel === '' ? {} : { channel: record.channel }),
    events: record.events,
    ...(headers.length === 0 ? {} : { headers }),
    ...(record.timeoutMs === 0 ? {} : { timeout_ms: record.timeoutMs }),
    ...(record.description === '' ? {} : { description: record.description }),
    owner: record.owner,
    status: record.status === 'active' ? 'active' : 'disabled',
    created_at: formatTime(Number(record.createdAtMs)),
  };
}

function describeDelivery(view: WebhookDeliveryView): CommandResult<'op.webhook.deliveries'>['items'][number] {
  return {
    delivery_id: view.deliveryId,
    event_id: view.eventId,
    type: view.type,
    attempt: view.attempt,
    status: view.status as 'delivered' | 'retrying' | 'dead',
    ...(view.httpStatus === 0 ? {} : { http_status: view.httpStatus }),
    ...(view.reason === '' ? {} : { reason: view.reason }),
    at: formatTime(Number(view.atMs)),
    ...(view.nextAtMs === 0n ? {} : { next_at: formatTime(Number(view.nextAtMs)) }),
  };
}

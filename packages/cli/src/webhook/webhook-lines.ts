import type { CommandResult } from '@arqonbus/protocol';

/** A webhook in one line. */
export function describeWebhook(webhook: CommandResult<'op.webhook.get'>): string {
  const { webhook_id: id, url, room = '*', channel = '*', events, status, owner } = webhook;
  return `${id}  ${room}:${channel}  ${events.join(',')}  ${url}  ${status}, of ${owner}`;
}

/** A delivery in one line. */
export function describeDelivery(delivery: CommandResult<'op.webhook.deliveries'>['items'][number]): string {
  const { delivery_id: id, event_id: event, type, attempt, status, http_status: http, reason, at } = delivery;
  const answer = http === undefined ? (reason ?? '') : String(http);
  const next = delivery.next_at === undefined ? '' : `, next at ${delivery.next_at}`;
  return `${id}  ${type}  ${event}  ${status}  attempt ${attempt}: ${answer} at ${at}${next}`;
}

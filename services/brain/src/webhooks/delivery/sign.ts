import { Webhook } from 'standardwebhooks';
import type { TenantId } from '@arqonbus/protocol';
import { formatTime } from '@arqonbus/protocol';
import type { WebhookDelivery, WebhookSecrets } from '@arqonbus/protocol/spine-messages';

/** A signed request, ready to be sent (WHK-3). */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * Makes the request of a delivery after the Standard Webhooks scheme. The id is that of the event on every attempt, so that
 * receivers know what they had; `webhook-seq` tells in which order things happened, however late one comes.
 */
export function signRequest(
  tenant: TenantId,
  { event, webhookId, seq, attempts }: WebhookDelivery,
  { headers, secrets }: WebhookSecrets,
  nowMs: number,
): SignedRequest {
  const { eventId = '', type = '', room = '', channel = '', atMs = 0n, data } = event ?? {};
  const place = room === '' ? {} : { room, channel };
  const about = { event_id: eventId, webhook_id: webhookId, tenant, ...place, seq: Number(seq) };
  const timestamp = formatTime(Number(atMs));
  const text = JSON.stringify({ type, timestamp, data: { ...about, [type]: null } });
  // The event's own JSON goes in as it came: it is parsed by its receiver alone (ARC-13).
  const body = text.replace(/null\}\}$/, () => `${new TextDecoder().decode(data)}}}`);
  const sentAt = new Date(Math.floor(nowMs / 1_000) * 1_000);
  const signatures = secrets
    .filter(({ untilMs }) => untilMs === 0n || Number(untilMs) > nowMs)
    .map(({ secret }) => new Webhook(secret).sign(eventId, sentAt, body));
  return {
    headers: {
      ...headers,
      'content-type': 'application/json',
      'user-agent': 'arqonbus-webhooks/1',
      'webhook-id': eventId,
      'webhook-timestamp': String(sentAt.getTime() / 1_000),
      'webhook-signature': signatures.join(' '),
      'webhook-seq': String(seq),
      'webhook-attempt': String(attempts + 1),
    },
    body: new TextEncoder().encode(body),
  };
}

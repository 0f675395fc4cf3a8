import * as wire from '@arqonbus/protocol/spine-messages';
import type { Method } from './method.ts';

/** What is asked about webhooks (WHK-1). */
export interface WebhookMethods {
  readonly 'webhooks.register': Method<wire.RegisterWebhookRequest, wire.RegisterWebhookResult>;
  readonly 'webhooks.list': Method<wire.ListWebhooksRequest, wire.ListWebhooksResult>;
  readonly 'webhooks.get': Method<wire.WebhookRequest, wire.GetWebhookResult>;
  readonly 'webhooks.update': Method<wire.UpdateWebhookRequest, wire.UpdateWebhookResult>;
  readonly 'webhooks.unregister': Method<wire.WebhookRequest, wire.UnregisterWebhookResult>;
  readonly 'webhooks.rotate_secret': Method<wire.RotateWebhookSecretRequest, wire.RotateWebhookSecretResult>;
  readonly 'webhooks.deliveries': Method<wire.WebhookDeliveriesRequest, wire.WebhookDeliveriesResult>;
  readonly 'webhooks.replay': Method<wire.ReplayWebhookRequest, wire.ReplayWebhookResult>;
}

/** The table of {@link WebhookMethods}. */
export const webhookMethods: WebhookMethods = {
  'webhooks.register': { request: wire.RegisterWebhookRequestSchema, result: wire.RegisterWebhookResultSchema },
  'webhooks.list': { request: wire.ListWebhooksRequestSchema, result: wire.ListWebhooksResultSchema },
  'webhooks.get': { request: wire.WebhookRequestSchema, result: wire.GetWebhookResultSchema },
  'webhooks.update': { request: wire.UpdateWebhookRequestSchema, result: wire.UpdateWebhookResultSchema },
  'webhooks.unregister': { request: wire.WebhookRequestSchema, result: wire.UnregisterWebhookResultSchema },
  'webhooks.rotate_secret': {
    request: wire.RotateWebhookSecretRequestSchema,
    result: wire.RotateWebhookSecretResultSchema,
  },
  'webhooks.deliveries': { request: wire.WebhookDeliveriesRequestSchema, result: wire.WebhookDeliveriesResultSchema },
  'webhooks.replay': { request: wire.ReplayWebhookRequestSchema, result: wire.ReplayWebhookResultSchema },
};

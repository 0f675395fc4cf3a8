import { openWebhookEmission } from '@arqonbus/runtime';
import type { WebhookEmission } from '@arqonbus/runtime';
import { createActivity } from './activity/activity.ts';
import type { Activity } from './activity/activity.ts';
import type { Ids } from './ids.ts';
import type { ShieldOptions } from './shield-options.ts';
import { tellWebhooks } from './webhooks/tell-webhooks.ts';

/** What tells webhooks of events, and activity that does. */
export interface WebhookShieldParts {
  readonly emission: WebhookEmission;
  readonly activity: Activity;
}

/** Composes what tells of events: activity, and webhooks beside it. */
export function composeWebhooks(options: ShieldOptions, { nextMessageId }: Ids): WebhookShieldParts {
  const { keyValue, openWork, metrics, logger, clock } = options;
  const activity = createActivity({ ...options, nextMessageId });
  const onMalformed = (tenant: string): void =>
    logger.error({ event: 'webhook_refused', tenant }, 'a webhook cannot be read');
  const bucket = keyValue.bucket('ARQON_WEBHOOKS');
  const emission = openWebhookEmission(bucket, openWork('webhooks'), metrics, 'shield', onMalformed);
  return { emission, activity: tellWebhooks(activity, { emitter: emission.emitter, clock, nextMessageId }) };
}

import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { register, rotateSecret, unregister, update } from './manage-webhooks.ts';
import { deliveries, get, list } from './read-webhooks.ts';
import { replay } from './replay-webhook.ts';
import type { WebhookParts } from './webhook-parts.ts';

/**
 * Serves what is asked about webhooks, which any Brain answers (WHK-1). What somebody may wait for is for the asker to
 * know; whose webhook it is, is looked at here.
 */
export function serveWebhooks(parts: WebhookParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine } = parts;
  return [
    serveBrain(spine, 'webhooks.register', (request) => register(request, parts), observer),
    serveBrain(spine, 'webhooks.list', (request) => list(request, parts), observer),
    serveBrain(spine, 'webhooks.get', (request) => get(request, parts), observer),
    serveBrain(spine, 'webhooks.update', (request) => update(request, parts), observer),
    serveBrain(spine, 'webhooks.unregister', (request) => unregister(request, parts), observer),
    serveBrain(spine, 'webhooks.rotate_secret', (request) => rotateSecret(request, parts), observer),
    serveBrain(spine, 'webhooks.deliveries', (request) => deliveries(request, parts), observer),
    serveBrain(spine, 'webhooks.replay', (request) => replay(request, parts), observer),
  ];
}

import { WebhookViewSchema, create } from '@arqonbus/protocol/spine-messages';
import type { WebhookRecord, WebhookSecrets, WebhookView } from '@arqonbus/protocol/spine-messages';

/** What is told of a webhook: where it goes and the names of its headers, never a secret. */
export function viewOf(record: WebhookRecord, { url, headers }: Pick<WebhookSecrets, 'url' | 'headers'>): WebhookView {
  return create(WebhookViewSchema, {
    record: { ...record, sealed: new Uint8Array(), permissions: new Uint8Array() },
    url,
    headers: Object.keys(headers).toSorted(),
  });
}

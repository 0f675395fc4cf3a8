import { randomBytes } from 'node:crypto';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { WebhookSecretsSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { WebhookSecrets } from '@arqonbus/protocol/spine-messages';
import { createSealedBox, deriveBoxKey } from '@arqonbus/runtime';

/** Where webhooks go and what they are signed with, as it lies in stores and buckets: for Brains with the key alone (WHK-1). */
export interface WebhookBox {
  /** False where there is no key that outlives this process although what is kept does. */
  readonly isUsable: boolean;
  /** Throws `FEATURE_DISABLED` where it is not usable. */
  seal(tenant: TenantId, webhookId: string, secrets: WebhookSecrets): Uint8Array;
  /** Undefined where it was sealed with another key, or for another webhook. */
  open(tenant: TenantId, webhookId: string, sealed: Uint8Array): WebhookSecrets | undefined;
}

/** The keys of the configuration, and whether what they seal outlives the process. */
export interface WebhookBoxOptions {
  readonly secretKey: string;
  readonly otherSecretKey: string;
  readonly isLasting: boolean;
}

const LABEL = 'arqonbus webhook v1';
const SECRET_BYTES = 32;

/** A box under the keys of the configuration: the first one seals, both open. */
export function createWebhookBox({ secretKey, otherSecretKey, isLasting }: WebhookBoxOptions): WebhookBox {
  const first = deriveBoxKey(secretKey, LABEL);
  const box = createSealedBox(otherSecretKey === '' ? [first] : [first, deriveBoxKey(otherSecretKey, LABEL)]);
  const isUsable = secretKey !== '' || !isLasting;
  return {
    isUsable,
    seal: (tenant, webhookId, secrets) => {
      if (!isUsable) throw new BusError('FEATURE_DISABLED', 'The operator has set no webhooks.secret_key.');
      return box.seal(toBinary(WebhookSecretsSchema, secrets), `${tenant} ${webhookId}`);
    },
    open: (tenant, webhookId, sealed) => {
      const plain = box.open(sealed, `${tenant} ${webhookId}`);
      return plain === undefined ? undefined : readMessage(WebhookSecretsSchema, plain);
    },
  };
}

/** Secrets of one webhook, the newest first. */
export function secretsOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  secret: string,
  before: WebhookSecrets['secrets'] = [],
): WebhookSecrets {
  return create(WebhookSecretsSchema, { url, headers: { ...headers }, secrets: [{ secret }, ...before] });
}

/** A new secret, in the form of Standard Webhooks. */
export function generateSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

import { isAddressRange } from './address-range.ts';
import { checkSecret } from './check-secret.ts';
import type { Config } from './config.ts';
import type { Problem } from './problem.ts';

/** What deliveries could not go by (CFG-4): a key that can be guessed, a range that is none, times that do not grow. */
export function checkWebhooks({ webhooks }: Pick<Config, 'webhooks'>): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [key, secret] of [
    ['webhooks.secret_key', webhooks.secretKey],
    ['webhooks.other_secret_key', webhooks.otherSecretKey],
  ] as const) {
    if (secret !== '') problems.push(...checkSecret(key, secret));
  }
  if (!webhooks.allowPrivate.every(isAddressRange)) {
    const fix = 'write 10.0.0.1 or 10.0.0.0/8';
    problems.push({ key: 'webhooks.allow_private', problem: 'must hold IP addresses and ranges', fix });
  }
  if (
    !webhooks.ports.every(
      (port) => port === '*' || (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) <= 65_535),
    )
  ) {
    problems.push({ key: 'webhooks.ports', problem: 'must hold ports, 1 to 65535, or *' });
  }
  const delays = webhooks.retryAfterSeconds.map(Number);
  if (!delays.every((delay, index) => delay > (delays[index - 1] ?? 0))) {
    const fix = 'write 5,300,1800';
    problems.push({ key: 'webhooks.retry_after_seconds', problem: 'must hold growing numbers of seconds', fix });
  }
  return problems;
}

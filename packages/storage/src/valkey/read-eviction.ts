import type { ValkeyLink } from './valkey-link.ts';
import { createScript } from './valkey-script.ts';

const script = createScript(
  'allow-oom',
  "return string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)')",
);

/** What the server forgets when it is full: `noeviction` = nothing, it refuses instead. Throws as every call. */
export async function readEviction(link: Pick<ValkeyLink, 'run'>): Promise<string> {
  return String(await link.run(script, [], []));
}

import { valkeyAddress } from '@arqonbus/brain';
import type { Config, Problem } from '@arqonbus/config';
import { createValkeyLink, readEviction } from '@arqonbus/storage';
import type { ValkeyLink } from '@arqonbus/storage';

const PATIENCE_MS = 3_000;

/** Whether a Brain could keep the log in Valkey now: reached, let in, and nothing is forgotten when it is full (LOG-6). */
export async function tryValkey({ log, valkey }: Config): Promise<readonly Problem[]> {
  if (log.backend !== 'valkey') return [];
  const key = 'valkey.url';
  let lastError = 'no answer';
  const onError = ({ message }: Error): void => {
    lastError = message;
  };
  const link = createValkeyLink({ ...valkeyAddress(valkey), timeoutMs: valkey.timeoutMs, onError });
  try {
    if (!(await isConnected(link))) {
      const fix = 'is Valkey running there, with the users of deploy/valkey/users.acl?';
      return [{ key, problem: `cannot be used: ${lastError}`, fix }];
    }
    const policy = await readEviction(link);
    if (policy === 'noeviction') return [];
    return [{ key, problem: `is of a server that forgets messages when it is full (${policy})`, fix: EVICTION_FIX }];
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : lastError;
    return [{ key, problem: `cannot be used: ${cause}`, fix: 'give the user the rights of deploy/valkey/users.acl' }];
  } finally {
    await link.close();
  }
}

const EVICTION_FIX = 'set maxmemory-policy to noeviction';

async function isConnected(link: ValkeyLink): Promise<boolean> {
  if (link.isUsable()) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE_MS);
    link.onConnected(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

import { createJwksUrlKeys } from '@arqonbus/auth';
import type { Config, Problem } from '@arqonbus/config';
import { createKeyAuthenticator } from '@arqonbus/runtime';

/** Whether there are keys to check tokens with: files that can be read, and an address that gives some (AUT-1). */
export async function tryKeys({ auth }: Config): Promise<readonly Problem[]> {
  if (auth.service) return [];
  try {
    createKeyAuthenticator(auth, Date.now);
  } catch (error) {
    return [{ key: 'auth', problem: `has keys that cannot be used: ${error instanceof Error ? error.message : ''}` }];
  }
  if (auth.jwksUrl === '') return [];
  const hasKeys = await createJwksUrlKeys({ url: auth.jwksUrl, fetch, now: Date.now }).load();
  const problem = `gives no set of keys now: ${auth.jwksUrl}`;
  return hasKeys
    ? []
    : [{ key: 'auth.jwks_url', problem, fix: 'open it from this machine; no token is accepted before' }];
}

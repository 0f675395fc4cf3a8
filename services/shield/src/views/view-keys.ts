import type { Config } from '@arqonbus/config';
import { deriveBoxKey } from '@arqonbus/runtime';

const LABEL = 'arqonbus view v1';

/**
 * The keys of views: the first one seals, both open (CAS-12). Without a secret what one process seals no other can open: its
 * readers see the most redacted.
 */
export function viewKeysOf({ log }: Pick<Config, 'log'>): readonly [Buffer, ...Buffer[]] {
  const first = deriveBoxKey(log.idKey, LABEL);
  return log.otherIdKey === '' ? [first] : [first, deriveBoxKey(log.otherIdKey, LABEL)];
}

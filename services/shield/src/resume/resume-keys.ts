import type { Config } from '@arqonbus/config';
import { deriveBoxKey } from '@arqonbus/runtime';

/** Separates these keys from others that are made of the same secret. */
const LABEL = 'arqonbus resume token v1';

/**
 * The keys of resume tokens: the first one seals, all of them open (PRT-7). Without any secret they are random, and
 * tokens hold within this process alone.
 */
export function resumeKeysOf({ resume, log }: Pick<Config, 'resume' | 'log'>): readonly [Buffer, ...Buffer[]] {
  const isOwn = resume.key !== '';
  const first = deriveBoxKey(isOwn ? resume.key : log.idKey, LABEL);
  // A key that is made of the log's is replaced with it.
  const others = [resume.otherKey, isOwn ? '' : log.otherIdKey].filter((other) => other !== '');
  return [first, ...others.map((other) => deriveBoxKey(other, LABEL))];
}

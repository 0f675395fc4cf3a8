import { hkdfSync, randomBytes } from 'node:crypto';
import type { Config } from '@arqonbus/config';

/** Separates these keys from others that are made of the same secret. */
const LABEL = 'arqonbus resume token v1';
const KEY_BYTES = 32;

/**
 * The keys of resume tokens: the first one seals, all of them open (PRT-7). Without any secret they are random, and
 * tokens hold within this process alone.
 */
export function resumeKeysOf({ resume, log }: Pick<Config, 'resume' | 'log'>): readonly [Buffer, ...Buffer[]] {
  const isOwn = resume.key !== '';
  const secret = isOwn ? resume.key : log.idKey;
  const first = derive(secret === '' ? randomBytes(KEY_BYTES) : Buffer.from(secret));
  // A key that is made of the log's is replaced with it.
  const others = [resume.otherKey, isOwn ? '' : log.otherIdKey].filter((other) => other !== '');
  return [first, ...others.map((other) => derive(Buffer.from(other)))];
}

function derive(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', LABEL, KEY_BYTES));
}

import type { Problem } from './problem.ts';

const MIN_SECRET_BYTES = 32;

/** Parts of secrets that stand in examples and tutorials. */
const EXAMPLE_SECRET =
  /change.?me|change.?this|your.?(256.?bit.?)?secret|example|at-least-256-bits|at.least.32|placeholder|password|arqonbus.?secret/i;
const MIN_DISTINCT_BYTES = 8;

/** What is wrong with a secret that somebody has chosen (CFG-4). */
export function checkSecret(key: string, secret: string): readonly Problem[] {
  const fix = 'generate one, for example with: openssl rand -base64 48';
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) return [{ key, problem: 'has fewer than 32 bytes', fix }];
  if (EXAMPLE_SECRET.test(secret)) return [{ key, problem: 'is a known example', fix }];
  return new Set(secret).size < MIN_DISTINCT_BYTES ? [{ key, problem: 'is easy to guess', fix }] : [];
}

import { createHash } from 'node:crypto';

/** A Lua script that the server runs as one step. */
export interface ValkeyScript {
  readonly lua: string;
  /** Under which the server knows it. */
  readonly sha1: string;
}

/** A script of these lines; `flags` as Redis 7 has them: what it may do where memory is full, or on a replica. */
export function createScript(flags: string, lua: string): ValkeyScript {
  const text = `#!lua${flags === '' ? '' : ` flags=${flags}`}\n${lua}`;
  return { lua: text, sha1: createHash('sha1').update(text).digest('hex') };
}

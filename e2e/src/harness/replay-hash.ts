import { createHash } from 'node:crypto';
import { DEFAULT_LIMITS, decodeJsonEnvelope, replayDigestBytes } from '@arqonbus/protocol';
import type { Frame } from './json-client.ts';

/** The hash of a replay of these, as docs/replay.md tells it. */
export function hashOf(frames: readonly Frame[]): string {
  const hash = createHash('sha256');
  for (const frame of frames) {
    const decoded = decodeJsonEnvelope(new TextEncoder().encode(JSON.stringify(frame)), DEFAULT_LIMITS);
    if (!decoded.ok) throw new Error('not an envelope');
    hash.update(replayDigestBytes(decoded.envelope));
  }
  return `sha256:${hash.digest('hex')}`;
}

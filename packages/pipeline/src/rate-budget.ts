import type { Limits } from '@arqonbus/protocol';
import { createTokenBucket } from './token-bucket.ts';
import type { TokenBucket } from './token-bucket.ts';

/** The rates one connection is held to, each a bucket of its own. */
export interface RateBudget {
  readonly messages: TokenBucket;
  readonly bytes: TokenBucket;
  readonly commands: TokenBucket;
}

/** Holds a connection to other limits from now on; what it has used up stays used. */
export function setRateBudget({ messages, bytes, commands }: RateBudget, limits: Limits, nowMs: number): void {
  messages.setRate(limits.messagesPerSecond, limits.messagesBurst, nowMs);
  bytes.setRate(limits.bytesPerSecond, Math.max(limits.bytesPerSecond, limits.maxFrameBytes), nowMs);
  commands.setRate(limits.commandsPerSecond, limits.commandsPerSecond, nowMs);
}

/** Full buckets after the limits of a connection. */
export function createRateBudget(limits: Limits, nowMs: number): RateBudget {
  return {
    messages: createTokenBucket(limits.messagesPerSecond, limits.messagesBurst, nowMs),
    bytes: createTokenBucket(limits.bytesPerSecond, Math.max(limits.bytesPerSecond, limits.maxFrameBytes), nowMs),
    commands: createTokenBucket(limits.commandsPerSecond, limits.commandsPerSecond, nowMs),
  };
}

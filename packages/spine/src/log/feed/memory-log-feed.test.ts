import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import { createLocalSpine } from '../../local/local-spine.ts';
import { createLogRules } from '../log-rules.ts';
import { createMemoryChannelLog } from '../memory/memory-channel-log.ts';
import { describeLogFeed } from './log-feed.contract.ts';

const profiles = [
  ...SHIPPED_PROFILES.filter(({ name }) => name !== 'durable'),
  { name: 'kept', logClass: 'history', maxMessages: 20, maxAgeMs: 60_000, maxBytes: 1_048_576, archive: true },
] as const;

describeLogFeed('memory', async () => {
  const spine = createLocalSpine();
  const log = createMemoryChannelLog({
    spine,
    profileOf: createLogRules(profiles, [{ pattern: 'kept:*', profile: 'kept' }]),
    now: Date.now,
    random: (bytes) => void crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
  });
  return { log, feed: log.feed, close: () => spine.close() };
});

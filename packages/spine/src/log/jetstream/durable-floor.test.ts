import { SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { LogProfile } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createLogLayout } from '../placement/log-layout.ts';
import { durableRefusal } from './durable-floor.ts';

const durable = createLogLayout(SHIPPED_PROFILES, [{ pattern: 'orders:*', profile: 'durable' }]);

describe('durable channels', () => {
  it.each(['2.9.10', '2.12.11', '2.13.0', '2.14.2', '1.99.99', '', 'unknown'])(
    '[LOG-2] are refused on NATS %j, with the releases that can',
    (version) => {
      expect(durableRefusal(durable, version)).toMatch(/durable channels .* 2\.12\.12, 2\.14\.3 or newer/);
    },
  );

  it.each(['2.12.12', '2.12.40', '2.14.3', 'v2.14.3', '2.15.0', '2.100.0', '3.0.0'])(
    '[LOG-2] are kept on NATS %s',
    (version) => {
      expect(durableRefusal(durable, version)).toBeUndefined();
    },
  );

  it('[LOG-2] are no matter where no channel is durable, though there is such a profile', () => {
    expect(durableRefusal(createLogLayout(SHIPPED_PROFILES), '2.9.10')).toBeUndefined();
    const other = createLogLayout(SHIPPED_PROFILES, [{ pattern: '*:*', profile: 'state' }]);
    expect(durableRefusal(other, '2.9.10')).toBeUndefined();
  });

  it('[LOG-2] are what no rule names where the default is durable', () => {
    const profiles = SHIPPED_PROFILES.map((profile): LogProfile =>
      profile.name === 'default' ? { ...profile, logClass: 'durable' } : profile,
    );
    expect(durableRefusal(createLogLayout(profiles), '2.9.10')).toMatch(/2\.9\.10/);
  });
});

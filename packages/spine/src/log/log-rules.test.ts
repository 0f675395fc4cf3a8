import { describe, expect, it } from 'vitest';
import type { LogProfile } from '@arqonbus/protocol';
import { createLogRules } from './log-rules.ts';
import { SHIPPED_PROFILES } from '@arqonbus/protocol';

describe('createLogRules', () => {
  const rules = [
    { pattern: 'science:secret', profile: 'live' },
    { pattern: 'science:*', profile: 'durable' },
    { pattern: '*:sensor-*', profile: 'state' },
    { pattern: 'integriguard:*', profile: 'durable' },
  ];
  const profileOf = createLogRules(SHIPPED_PROFILES, rules);

  it('[LOG-1] takes the first rule that matches, and `default` where none does', () => {
    expect(profileOf('science', 'secret').name).toBe('live');
    expect(profileOf('science', 'sensor-1').name).toBe('durable');
    expect(profileOf('lab', 'sensor-1').name).toBe('state');
    expect(profileOf('lab', 'general').name).toBe('default');
  });

  it('[PRT-16] gives the pseudo-channel of a room its own profile', () => {
    expect(profileOf('science', '*').name).toBe('durable');
    expect(profileOf('lab', '*').name).toBe('default');
  });

  it('[PRT-26] keeps reserved rooms live whatever the rules say', () => {
    for (const room of ['integriguard', 'omega-lab']) {
      for (const channel of ['telemetry-stream', 'signals', '*'])
        expect(profileOf(room, channel).logClass).toBe('live');
    }
    expect(profileOf('integriguard2', 'general').logClass).toBe('history');
  });

  it('[LOG-1] ships the classes of the specification', () => {
    expect(profileOf('lab', 'general')).toMatchObject({ logClass: 'history', maxMessages: 500, maxAgeMs: 86_400_000 });
    expect(SHIPPED_PROFILES.map(({ name, logClass }) => [name, logClass])).toEqual([
      ['live', 'live'],
      ['default', 'history'],
      ['durable', 'durable'],
      ['state', 'state'],
    ]);
  });

  it('[LOG-1] lets a profile of class `state` keep one message', () => {
    const greedy: LogProfile = { name: 'default', logClass: 'state', maxMessages: 9, maxAgeMs: 1_000, maxBytes: 1_000 };
    expect(createLogRules([greedy], [])('lab', 'general').maxMessages).toBe(1);
  });

  it.each([
    [[{ pattern: 'a:b:c', profile: 'live' }], 'malformed pattern: "a:b:c"'],
    [[{ pattern: '', profile: 'live' }], 'malformed pattern: ""'],
    [[{ pattern: 'a:b', profile: 'forever' }], 'no log profile "forever"'],
  ])('[CFG-4] refuses rules that cannot work: %j', (broken, problem) => {
    expect(() => createLogRules(SHIPPED_PROFILES, broken)).toThrow(problem);
  });

  it('[CFG-4] refuses to go without a profile `default`', () => {
    expect(() => createLogRules(SHIPPED_PROFILES.slice(2), [])).toThrow('no log profile "default"');
  });
});

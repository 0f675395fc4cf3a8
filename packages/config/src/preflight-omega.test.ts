import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse-config.ts';
import { needsOmegaStorage } from './preflight-omega.ts';
import { preflight } from './preflight.ts';

/** The keys of the settings that a Brain objects to. */
function objections(env: Readonly<Record<string, string>>): readonly string[] {
  const sound = { ARQONBUS_AUTH_JWT_SECRET: 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j' };
  const result = parseConfig({ env: { ...sound, ...env } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return [...preflight(result.config, 'production'), ...needsOmegaStorage(result.config)].map(({ key }) => key);
}

describe('the Omega lane', () => {
  it.each([
    ['omega-lab', 'signals', []],
    ['lab-7', 'drift', []],
    ...['*', 'science:general', 'integriguard', 'a b', '>'].map((room): [string, string, string[]] => [
      room,
      'signals',
      ['omega.lab_room'],
    ]),
    ...['*', 'a:b', 'a.*.>'].map((name): [string, string, string[]] => ['omega-lab', name, ['omega.lab_channel']]),
  ])('[CFG-4] [OMG-1] has one room and one channel: with %s:%s it objects to %j', (room, channel, keys) => {
    const lab = { ARQONBUS_OMEGA_LAB_ROOM: room, ARQONBUS_OMEGA_LAB_CHANNEL: channel };
    expect(objections(lab)).toEqual(keys);
  });

  it('[CFG-4] [OMG-1] needs Valkey once it is on', () => {
    const on = { ARQONBUS_OMEGA_ENABLED: 'true' };
    expect(objections(on)).toEqual(['omega.enabled']);
    expect(objections({ ...on, ARQONBUS_VALKEY_URL: 'redis://127.0.0.1:6379' })).toEqual([]);
  });
});

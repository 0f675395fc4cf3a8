import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { channelsKey, entriesKey, figuresKey, roomsKey, seenKey, stateKey } from './log-keys.ts';

const acme = 'acme' as TenantId;
const at = { tenant: acme, room: 'science', channel: 'general' };
/** What users and ids may be called that would mean something in a key or a pattern of Valkey. */
const HOSTILE = [
  '*',
  '?',
  '[a-z]',
  '{globex}',
  '}{',
  ':',
  'a:b',
  '\r\nFLUSHALL',
  '\0',
  ' ',
  '~arqon',
  'ü'.repeat(200),
  '',
];

describe('keys of the log in Valkey', () => {
  it('[BRN-2] T-11: begin with the tag of their tenant, whatever users and ids are called', () => {
    const keys = HOSTILE.flatMap((text) => [seenKey(at, text, 'arq_hostile1'), seenKey(at, 'alice', text)]);
    for (const key of keys) expect(key).toMatch(/^arqon:\{acme\}:log:seen:[A-Za-z0-9_-]{43}$/);
    expect(new Set(keys).size).toBe(keys.length);
    const all = [stateKey(acme), entriesKey(at), figuresKey(at), channelsKey(acme, 'science'), roomsKey(acme)];
    for (const key of all) expect(key.match(/\{.*\}/g)).toEqual(['{acme}']);
  });

  it('[LOG-6] T-11: are those of one channel alone, however its parts are cut', () => {
    const cuts = [
      seenKey(at, 'ab', 'c'),
      seenKey(at, 'a', 'bc'),
      seenKey({ ...at, room: 'scienceg', channel: 'eneral' }, 'ab', 'c'),
      seenKey({ ...at, channel: '*' }, 'ab', 'c'),
      seenKey({ ...at, tenant: 'globex' as TenantId }, 'ab', 'c'),
      entriesKey(at),
      entriesKey({ ...at, room: 'sci', channel: 'ence.general' }),
      entriesKey({ ...at, channel: '*' }),
      figuresKey(at),
    ];
    expect(new Set(cuts).size).toBe(cuts.length);
  });
});

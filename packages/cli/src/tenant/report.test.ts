import { describe, expect, it } from 'vitest';
import { isErased, jsonOf, textOf } from './report.ts';
import type { Report } from './report.ts';

const keys = { name: 'keys', found: 12, removed: 12, left: 0, why: undefined };
const rooms = { name: 'rooms', found: 2, removed: 1, left: 1, why: 'lab: CHANNEL_NOT_EMPTY Somebody is there.' };
const remains = {
  banned: 3,
  shut_out_until: '2026-12-26T00:00:00.000Z',
  other_connections: 1,
  dead_tasks: 2,
  deleted_episodes: 0,
  dead_episode_events: 0,
};
const report: Report = { tenant: 'acme', isDryRun: false, tallies: [keys, rooms], remains };

describe('what is told of an erased tenant', () => {
  it('[T-15] is a table, why something is left, and what stays', () => {
    expect(textOf(report).split('\n')).toEqual([
      'kind   found  removed  left',
      'keys      12       12     0',
      'rooms      2        1     1',
      'rooms: lab: CHANNEL_NOT_EMPTY Somebody is there.',
      'Banned: 3. Roles are shut out until 2026-12-26T00:00:00.000Z.',
      'Stays: the audit trail; until their retention ends 2 dead tasks.',
      'Connected beside this command: 1.',
      'Something is left of acme. To run it again does no harm.',
    ]);
    expect(textOf({ ...report, tallies: [keys], remains: undefined })).toContain(
      'What stays could not be told.\nNothing is left of acme that commands can remove.',
    );
  });

  it('[T-15] says of what was only looked at neither that it is gone nor that it is left', () => {
    const looked = { name: 'publications', found: undefined, removed: 0, left: 0, why: undefined };
    const text = textOf({ ...report, isDryRun: true, tallies: [looked] });
    expect(text).toContain('publications      ?        0     0');
    expect(text).not.toMatch(/left of acme/);
  });

  it('[T-15] is one object for programs', () => {
    expect(JSON.parse(jsonOf(report))).toEqual({
      tenant: 'acme',
      dry_run: false,
      erased: false,
      kinds: [
        { name: 'keys', found: 12, removed: 12, left: 0 },
        { name: 'rooms', found: 2, removed: 1, left: 1, why: rooms.why },
      ],
      remains,
    });
    expect([isErased(report), isErased({ ...report, tallies: [keys] })]).toEqual([false, true]);
  });
});

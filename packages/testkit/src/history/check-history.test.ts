import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history.ts';
import type { EventOf, HistoryEvent } from './history.ts';

const clients = new Map([
  ['ada', { tenant: 'acme', user: 'ada@example.com' }],
  ['bob', { tenant: 'acme', user: 'bob' }],
  ['eve', { tenant: 'umbrella', user: 'bob' }],
]);
const channel = 'science:general';
const at = (epoch: string, seq: number) => ({ epoch, seq });

const published = (id: string, client = 'ada', atMs = 0): EventOf<'published'> => ({
  kind: 'published',
  atMs,
  client,
  channel,
  id,
});
const acknowledged = (id: string, seq: number, epoch = 'e1', client = 'ada'): EventOf<'acknowledged'> => ({
  kind: 'acknowledged',
  atMs: 0,
  client,
  id,
  position: at(epoch, seq),
});
const joined = (client = 'bob', seq = 0, echo = false): EventOf<'joined'> => ({
  kind: 'joined',
  atMs: 0,
  client,
  channel,
  position: at('e1', seq),
  echo,
});
const delivered = (id: string, seq: number, client = 'bob', epoch = 'e1', atMs = 0): EventOf<'delivered'> => ({
  kind: 'delivered',
  atMs,
  client,
  channel,
  id,
  position: at(epoch, seq),
});
const signalled: EventOf<'signalled'> = { kind: 'signalled', atMs: 0, client: 'bob', channel, reason: 'trimmed' };
const left: EventOf<'left'> = { kind: 'left', atMs: 0, client: 'bob', channel };
/** Published and stored, three of them. */
const three = [1, 2, 3].flatMap((n) => [published(`arq_${n}`), acknowledged(`arq_${n}`, n)]);

function check(...events: readonly HistoryEvent[]): readonly string[] {
  return checkHistory({ clients, events }).map(({ invariant }) => invariant);
}

describe('checkHistory', () => {
  it('[LOG-3] [LOG-9] finds nothing in a history in which every promise was kept', () => {
    expect(check(joined(), ...three, delivered('arq_1', 1), delivered('arq_2', 2), delivered('arq_3', 3))).toEqual([]);
  });

  it('[LOG-8] finds what was acknowledged and never came: in the middle, and at the end', () => {
    const heard = [delivered('arq_1', 1), delivered('arq_3', 3)];
    expect(check(joined(), ...three, ...heard)).toEqual(['nothing-lost']);
    expect(check(joined(), ...three, ...heard.slice(0, 1))).toEqual(['nothing-lost', 'nothing-lost']);
  });

  it('[LOG-9] takes a signal for a hole, and only in its place', () => {
    expect(check(joined(), ...three, delivered('arq_1', 1), signalled, delivered('arq_3', 3))).toEqual([]);
    expect(check(joined(), ...three, signalled, delivered('arq_1', 1), delivered('arq_3', 3))).toEqual([
      'nothing-lost',
    ]);
    expect(check(joined(), ...three, delivered('arq_1', 1), delivered('arq_3', 3), signalled)).toEqual([
      'nothing-lost',
    ]);
  });

  it('[LOG-4] expects of a new epoch what was published after the join, and a signal for what the old one lost', () => {
    const renewed = [published('arq_9'), acknowledged('arq_9', 1, 'e2')];
    const before = [joined(), ...three, delivered('arq_1', 1)];
    expect(check(...before, signalled, ...renewed, delivered('arq_9', 1, 'bob', 'e2'))).toEqual([]);
    expect(check(...before, ...renewed, delivered('arq_9', 1, 'bob', 'e2'))).toEqual(['nothing-lost', 'nothing-lost']);
  });

  it('[PRT-15] expects nothing from before the join, nothing of its own without an echo, nothing after the end', () => {
    expect(check(...three, joined('bob', 3))).toEqual([]);
    expect(check(joined('ada'), ...three)).toEqual([]);
    expect(check(joined('ada', 0, true), ...three)).toEqual(['nothing-lost', 'nothing-lost', 'nothing-lost']);
    expect(check(joined(), ...three, delivered('arq_1', 1), left)).toEqual([]);
    expect(check(joined(), ...three, delivered('arq_3', 3), left)).toEqual(['nothing-lost', 'nothing-lost']);
  });

  it('[LOG-3] finds an order that is not one', () => {
    const heard = [delivered('arq_1', 1), delivered('arq_3', 3), delivered('arq_2', 2)];
    expect(check(joined(), ...three, ...heard)).toEqual(['one-order']);
    const back = [published('arq_9'), delivered('arq_9', 1, 'bob', 'e2'), delivered('arq_2', 2)];
    expect(check(joined('bob', 1), ...three.slice(0, 4), ...back)).toEqual(['one-order']);
  });

  it('[LOG-5] finds a message that was stored twice, and a place that was given twice', () => {
    expect(check(published('arq_1'), acknowledged('arq_1', 1), acknowledged('arq_1', 2))).toEqual(['one-order']);
    const two = [published('arq_1'), acknowledged('arq_1', 1), published('arq_2'), acknowledged('arq_2', 1)];
    expect(check(...two)).toEqual(['one-order']);
  });

  it('[LOG-5] R-37: finds what came twice', () => {
    const heard = [1, 2, 2, 3].map((n) => delivered(`arq_${n}`, n));
    expect(check(joined(), ...three, ...heard)).toEqual(['no-duplicate']);
    const bare = { ...delivered('arq_3', 3), position: undefined };
    expect(check(joined(), ...three, ...heard.slice(0, 2), delivered('arq_3', 3), bare)).toEqual(['no-duplicate']);
  });

  it('[LOG-4] takes a repeat for none where the log was lost, and the memory of ids with it', () => {
    const stored = [acknowledged('arq_1', 1), acknowledged('arq_1', 1, 'e2')];
    const heard = [delivered('arq_1', 1), signalled, delivered('arq_1', 1, 'bob', 'e2')];
    expect(check(joined(), published('arq_1'), ...stored, ...heard)).toEqual([]);
  });

  it('[PRD-4] finds what came to another tenant', () => {
    expect(check(joined('eve', 3), ...three, delivered('arq_3', 3, 'eve'))).toEqual(['no-foreign-tenant']);
  });

  it('[AUT-5] finds what came a second after the right was gone, and to that user of that tenant alone', () => {
    const revoked: HistoryEvent = { kind: 'revoked', atMs: 5_000, client: 'root', tenant: 'acme', user: 'bob' };
    const late = (client: string, atMs: number) => delivered('arq_1', 1, client, 'e1', atMs);
    const events = [published('arq_1'), acknowledged('arq_1', 1), revoked];
    expect(check(...events, late('bob', 6_000))).toEqual([]);
    expect(check(...events, late('bob', 6_001))).toEqual(['no-delivery-after-revocation']);
    expect(check(...events, late('ada', 9_000))).toEqual([]);
    expect(check(...events, late('eve', 9_000))).toEqual(['no-foreign-tenant']);
  });

  it('[LOG-7] finds what came although it had been refused, and what nobody has published', () => {
    const refused: HistoryEvent = { kind: 'refused', atMs: 0, client: 'ada', id: 'arq_1' };
    expect(check(published('arq_1'), refused, delivered('arq_1', 1))).toEqual(['nothing-refused-delivered']);
    expect(check(delivered('arq_7', 7))).toEqual(['nothing-invented']);
  });

  it('[PRT-19] asks nothing of a live channel but that each message comes once', () => {
    const live = { ...published('arq_1'), channel: 'science:chat' };
    const heard = { ...delivered('arq_1', 0), channel: 'science:chat', position: undefined };
    const ack = { ...acknowledged('arq_1', 0), position: undefined };
    const join = { ...joined(), channel: 'science:chat', position: undefined };
    expect(check(join, live, ack)).toEqual([]);
    expect(check(join, live, ack, heard, heard)).toEqual(['no-duplicate']);
  });
});

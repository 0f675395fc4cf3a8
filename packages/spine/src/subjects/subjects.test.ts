import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientId, TenantId } from '@arqonbus/protocol';
import { banKey, channelKey, parseBanKey, parseChannelKey, roomPrefix, tenantPrefix } from './keys.ts';
import {
  USER_BUCKETS,
  channelOut,
  clientOut,
  clientsOf,
  ctl,
  deadEpisodesOf,
  episodesOf,
  evt,
  isClientId,
  rpc,
  tenantOfEpisodes,
  tenantOut,
  userBucket,
  userOut,
} from './subjects.ts';

const acme = 'acme-corp.eu' as TenantId;

const alphabet = 'ABCZabcz0189_.-'.split('');
const nameArbitrary = fc
  .tuple(fc.constantFrom('A', 'Z', 'a', 'z', '0', '9'), fc.array(fc.constantFrom(...alphabet), { maxLength: 63 }))
  .map(([first, rest]) => first + rest.join(''));
const userArbitrary = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 });

/** What breaks subjects elsewhere: wildcards, empty tokens, control bytes, look-alikes, length (T-01, T-02, T-03). */
const hostileNames = [
  ['>', 'a.*', 'a.>', 'foo.>.bar', '.a', '..', ' ', 'a b', 'a\tb', 'a\r\nPUB x', 'a\u0000b', '', '-a', '_room'],
  [
    '_client',
    '$JS.API',
    'а',
    'ａ',
    'a\u200bb',
    'a\u202eb',
    'a\ud800',
    'é',
    '~',
    'a~b',
    'a=2Eb',
    'x'.repeat(65),
    'x'.repeat(10_240),
  ],
].flat();
const hostileUsers = ['', 'a\u0000', 'a\n', 'a\u007f', 'é', 'а', '\ud800', 'x'.repeat(256)];

/** The grammar that anything published on NATS has to keep. */
const subjectGrammar = /^[A-Za-z0-9_~=-]+(\.[A-Za-z0-9_~=-]+)*$/;
/** What keys may hold on NATS; `~` is refused there. */
const keyGrammar = /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*$/;

describe('subjects', () => {
  it('[SPN-1] follow the table', () => {
    const client = 'shield-7_01J9Z' as ClientId;
    expect(channelOut(acme, 'science', 'lab.1')).toBe('arqon.out.acme-corp~eu.science.lab~1');
    expect(channelOut(acme, 'science', '*')).toBe('arqon.out.acme-corp~eu.science._room');
    expect(clientOut(acme, client)).toBe('arqon.out.acme-corp~eu._client.shield-7.shield-7_01J9Z');
    expect(clientsOf('shield-7')).toBe('arqon.out.*._client.shield-7.>');
    expect(tenantOut(acme)).toBe('arqon.out.acme-corp~eu._tenant');
    expect(userOut(acme, 'u-1')).toBe(`arqon.out.acme-corp~eu._user.${userBucket('u-1')}`);
    expect(rpc('channels', 'create')).toBe('arqon.rpc.channels.create');
    expect(ctl('disconnect')).toBe('arqon.ctl.disconnect');
    expect(episodesOf(acme)).toBe('arqon.continuum.episode.v1.acme-corp~eu');
    expect(tenantOfEpisodes(episodesOf(acme))).toBe(acme);
    expect(deadEpisodesOf(acme)).toBe('arqon.continuum.episode.dlq.v1.acme-corp~eu');
    expect(evt(acme, 'client_connected')).toBe('arqon.evt.acme-corp~eu.client_connected');
  });

  it.each(hostileNames.map(shown))('[SPN-1] [T-01] [T-02] [T-03] refuse the name %s everywhere', (_, name) => {
    const builders = [
      () => channelOut(name as TenantId, 'science', 'general'),
      () => channelOut(acme, name, 'general'),
      () => channelOut(acme, 'science', name),
      () => clientOut(acme, name as ClientId),
      () => clientOut(acme, `${name}_1` as ClientId),
      () => clientsOf(name),
      () => userOut(name as TenantId, 'u-1'),
      () => tenantOut(name as TenantId),
      () => episodesOf(name as TenantId),
      () => deadEpisodesOf(name as TenantId),
      () => rpc(name, 'create'),
      () => rpc('channels', name),
      () => ctl(name),
      () => evt(acme, name),
      () => channelKey(acme, 'science', name),
      () => channelKey(acme, name, 'general'),
      () => roomPrefix(acme, name),
      () => tenantPrefix(name as TenantId),
    ];
    for (const build of builders) expect(build).toThrow(/not a valid|underscore/);
    expect(isClientId(name)).toBe(false);
  });

  it('[SPN-1] [PRT-16] know `*` as a channel alone', () => {
    const builders = [() => channelOut(acme, '*', '*'), () => channelOut('*' as TenantId, 'science', '*')];
    const keys = [
      () => channelKey(acme, 'science', '*'),
      () => roomPrefix(acme, '*'),
      () => tenantPrefix('*' as TenantId),
    ];
    for (const build of [...builders, ...keys, () => clientsOf('*'), () => ctl('*')])
      expect(build).toThrow('not a valid');
  });

  it.each(hostileUsers.map(shown))('[SPN-7] refuse the user %s', (_, user) => {
    expect(() => userOut(acme, user)).toThrow('not a valid user');
    expect(() => banKey(acme, user)).toThrow('not a valid user');
  });

  it('[SPN-5] [T-01] are valid NATS subjects for every valid name', () => {
    fc.assert(
      fc.property(nameArbitrary, nameArbitrary, nameArbitrary, userArbitrary, (tenant, room, channel, user) => {
        const id = tenant as TenantId;
        for (const subject of [channelOut(id, room, channel), tenantOut(id), userOut(id, user), evt(id, 'presence')]) {
          expect(subject).toMatch(subjectGrammar);
        }
        for (const key of [channelKey(id, room, channel), banKey(id, user)]) expect(key).toMatch(keyGrammar);
      }),
    );
  });

  it('[SPN-1] never are the same for different names', () => {
    const parts = fc.tuple(nameArbitrary, nameArbitrary, fc.oneof(nameArbitrary, fc.constant('*')));
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const isSame = a.join('/') === b.join('/');
        expect(outOf(a) === outOf(b)).toBe(isSame);
      }),
    );
    expect(outOf(['a.b', 'c', 'd'])).not.toBe(outOf(['a', 'b.c', 'd']));
    expect(outOf(['a', 'b.c', 'd'])).not.toBe(outOf(['a', 'b', 'c.d']));
  });

  it('[SPN-1] of clients and tenants never meet those of channels', () => {
    const client = 'n_1' as ClientId;
    fc.assert(
      fc.property(nameArbitrary, nameArbitrary, (room, channel) => {
        const reserved = [clientOut(acme, client), userOut(acme, 'u'), tenantOut(acme)];
        expect(reserved).not.toContain(channelOut(acme, room, channel));
      }),
    );
  });

  it('[SPN-7] spread users over 256 buckets, for ever the same ones', () => {
    expect(userBucket('5f0c7a52-3a9e-4f0e-9d0a-1f2f6d1b7c11')).toBe(35);
    expect(userBucket('alice@example.com')).toBe(70);
    const counts = new Map<number, number>();
    for (let i = 0; i < 25_600; i++) {
      const bucket = userBucket(`user-${i}`);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    expect(counts.size).toBe(USER_BUCKETS);
    expect(Math.max(...counts.values())).toBeLessThan(200);
  });
});

describe('keys', () => {
  it('[SPN-7] write what NATS refuses as =XX', () => {
    expect(channelKey(acme, 'r.1', 'general')).toBe('acme-corp=2Eeu.r=2E1.general');
    expect(banKey(acme, 'auth0|a b*>.=~')).toBe('acme-corp=2Eeu.auth0=7Ca=20b=2A=3E=2E=3D=7E');
  });

  it('[SPN-7] can be read back', () => {
    fc.assert(
      fc.property(nameArbitrary, nameArbitrary, nameArbitrary, userArbitrary, (tenant, room, channel, user) => {
        const id = tenant as TenantId;
        expect(parseChannelKey(channelKey(id, room, channel))).toEqual({ tenant, room, channel });
        expect(parseBanKey(banKey(id, user))).toEqual({ tenant, user });
      }),
    );
  });

  it('[PRD-4] of one tenant or room never begin with the prefix of another', () => {
    fc.assert(
      fc.property(nameArbitrary, nameArbitrary, nameArbitrary, nameArbitrary, (a, b, room, other) => {
        fc.pre(a !== b && room !== other);
        const key = channelKey(a as TenantId, room, 'general');
        expect(key.startsWith(tenantPrefix(b as TenantId))).toBe(false);
        expect(key.startsWith(roomPrefix(a as TenantId, other))).toBe(false);
      }),
    );
  });

  it('[SPN-3] tell what is no key of ours', () => {
    for (const key of ['', 'a', 'a.b', 'a..b', 'a.b.c.d', '.a.b']) expect(parseChannelKey(key)).toBeUndefined();
    for (const key of ['', 'a', 'a.b.c', '.a', 'a.']) expect(parseBanKey(key)).toBeUndefined();
  });
});

/** The text as a title can hold it, and the text. */
function shown(text: string): readonly [title: string, text: string] {
  return [`${JSON.stringify(text.slice(0, 20))} (${text.length})`, text];
}

function outOf([tenant, room, channel]: readonly string[]): string {
  return channelOut(tenant as TenantId, room ?? '', channel ?? '');
}

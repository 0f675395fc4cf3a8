import { describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { BanRecordSchema, DisconnectOrderSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { DisconnectOrder } from '@arqonbus/protocol/spine-messages';
import { banKey, ctl } from '@arqonbus/spine';
import { connect, createBrainFixture, present } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';

const hour = 3_600_000;

async function createFixture(): Promise<BrainFixture & { readonly orders: DisconnectOrder[] }> {
  const fixture = await createBrainFixture();
  const orders: DisconnectOrder[] = [];
  fixture.spine.subscribe(ctl('disconnect'), ({ data }) => orders.push(fromBinary(DisconnectOrderSchema, data)));
  await fixture.report('n1', [
    ...present('acme', 'n1_a', 'mallory', 'lab:bench'),
    connect('acme', 'n1_b', 'mallory'),
    connect('acme', 'n1_c', 'alice'),
    connect('globex', 'n1_d', 'mallory'),
  ]);
  return { ...fixture, orders };
}

async function bannedIn(fixture: BrainFixture, tenant: string): Promise<string[]> {
  const { items } = await fixture.call('bans.list', { tenant, limit: 1_000 });
  return items.map(({ user }) => user);
}

describe('bans.disconnect', () => {
  it('[AUT-5] orders every Shield to end the sessions of a user, and counts those of the tenant', async () => {
    const fixture = await createFixture();
    const reply = await fixture.call('bans.disconnect', { tenant: 'acme', user: 'mallory', reason: 'spam' });
    expect(reply).toMatchObject({ disconnected: 2 });
    await vi.waitFor(() => expect(fixture.orders).toHaveLength(1));
    expect(fixture.orders[0]).toMatchObject({
      tenant: 'acme',
      user: 'mallory',
      clientId: '',
      reason: 'spam',
      code: '',
    });
    expect(await bannedIn(fixture, 'acme')).toEqual([]);
  });

  it('[AUT-5] ends one session by its client id', async () => {
    const fixture = await createFixture();
    const reply = await fixture.call('bans.disconnect', { tenant: 'acme', clientId: 'n1_a' });
    expect(reply).toMatchObject({ disconnected: 1 });
    await vi.waitFor(() => expect(fixture.orders).toHaveLength(1));
    expect(fixture.orders[0]).toMatchObject({ tenant: 'acme', user: '', clientId: 'n1_a' });
  });

  it('[AUT-5] [PRD-4] does not find a client of another tenant', async () => {
    const fixture = await createFixture();
    for (const clientId of ['n1_d', 'n1_nobody']) {
      const call = fixture.call('bans.disconnect', { tenant: 'acme', clientId, banForMs: BigInt(hour) });
      await expect(call).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    }
    await fixture.spine.flush();
    expect(fixture.orders).toEqual([]);
    expect(await bannedIn(fixture, 'globex')).toEqual([]);
  });

  it('[AUT-5] has written the ban before the order goes out, in this tenant alone', async () => {
    const fixture = await createFixture();
    const told: string[] = [];
    const watch = fixture.keyValue.bucket('ARQON_BANS').watch('', ({ key }) => told.push(`ban ${key}`));
    fixture.spine.subscribe(ctl('disconnect'), () => told.push('order'));
    const request = { tenant: 'acme', user: 'mallory', reason: 'spam', banForMs: BigInt(hour), requestedBy: 'root' };
    expect(await fixture.call('bans.disconnect', request)).toMatchObject({ disconnected: 2 });
    await vi.waitFor(() => expect(told).toEqual(['ban acme.mallory', 'order']));
    // Whichever of both reaches a session first, it is told the same.
    expect(fixture.orders[0]).toMatchObject({ user: 'mallory', code: 'BANNED' });
    watch.stop();
    const entry = await fixture.keyValue.bucket('ARQON_BANS').get(banKey('acme' as TenantId, 'mallory'));
    const ban = fromBinary(BanRecordSchema, entry?.value ?? new Uint8Array());
    const createdAtMs = BigInt(fixture.now());
    expect(ban).toMatchObject({
      user: 'mallory',
      reason: 'spam',
      bannedBy: 'root',
      createdAtMs,
      untilMs: createdAtMs + BigInt(hour),
    });
    expect(await bannedIn(fixture, 'globex')).toEqual([]);
  });

  it('[AUT-5] bans the user of a client, and so ends all sessions of that user', async () => {
    const fixture = await createFixture();
    const request = { tenant: 'acme', clientId: 'n1_a', banForMs: BigInt(hour) };
    expect(await fixture.call('bans.disconnect', request)).toMatchObject({ disconnected: 2 });
    await vi.waitFor(() => expect(fixture.orders[0]).toMatchObject({ user: 'mallory', clientId: '' }));
    expect(await bannedIn(fixture, 'acme')).toEqual(['mallory']);
  });

  it('[AUT-5] bans somebody who is not connected, and renews a ban', async () => {
    const fixture = await createFixture();
    const user = 'auth0|5f 0c*>.~=';
    const ban = (banForMs: number) =>
      fixture.call('bans.disconnect', { tenant: 'acme', user, banForMs: BigInt(banForMs) });
    expect(await ban(hour)).toMatchObject({ disconnected: 0 });
    await ban(3 * hour);
    await fixture.pass(2 * hour);
    expect(await bannedIn(fixture, 'acme')).toEqual([user]);
  });

  it.each([
    [{ tenant: 'acme' }],
    [{ tenant: 'acme', user: 'mallory', clientId: 'n1_a' }],
    [{ tenant: 'acme', user: 'x\u0000' }],
    [{ tenant: '*', user: 'mallory' }],
    [{ tenant: 'acme', user: 'mallory', reason: 'r'.repeat(257) }],
    [{ tenant: 'acme', user: 'mallory', banForMs: 3_153_600_000_001n }],
  ])('[T-03] refuses what is malformed (%#)', async (request) => {
    const fixture = await createFixture();
    await expect(fixture.call('bans.disconnect', request)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    await fixture.spine.flush();
    expect(fixture.orders).toEqual([]);
  });
});

describe('bans.list and lift', () => {
  async function ban(fixture: BrainFixture, tenant: string, user: string, banForMs: number): Promise<void> {
    await fixture.call('bans.disconnect', { tenant, user, banForMs: BigInt(banForMs), reason: 'spam' });
  }

  it('[AUT-5] list what is in force; what is over goes from the bucket with the next sweep', async () => {
    const fixture = await createFixture();
    await ban(fixture, 'acme', 'short', 1_000);
    await ban(fixture, 'acme', 'long', hour);
    await ban(fixture, 'globex', 'short', hour);
    await fixture.pass(1_000);
    expect(await bannedIn(fixture, 'acme')).toEqual(['long']);
    const bucket = fixture.keyValue.bucket('ARQON_BANS');
    expect(await bucket.list('')).toHaveLength(3);
    await fixture.brain.sweep();
    expect((await bucket.list('')).map(({ key }) => key)).toEqual(['acme.long', 'globex.short']);
    expect(await bannedIn(fixture, 'globex')).toEqual(['short']);
  });

  it('[AUT-5] [PRD-4] lift a ban once, in the own tenant alone', async () => {
    const fixture = await createFixture();
    await ban(fixture, 'acme', 'mallory', hour);
    await ban(fixture, 'globex', 'mallory', hour);
    const lift = (tenant: string, user = 'mallory') => fixture.call('bans.lift', { tenant, user });
    expect(await lift('acme')).toMatchObject({ lifted: true });
    expect(await lift('acme')).toMatchObject({ lifted: false });
    expect(await bannedIn(fixture, 'acme')).toEqual([]);
    expect(await bannedIn(fixture, 'globex')).toEqual(['mallory']);
    await ban(fixture, 'acme', 'over', 1);
    await fixture.pass(1);
    expect(await lift('acme', 'over')).toMatchObject({ lifted: false });
    await expect(lift('acme', '')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[PRT-22] list page by page', async () => {
    const fixture = await createFixture();
    for (let i = 10; i < 25; i++) await ban(fixture, 'acme', `user-${i}`, hour);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await fixture.call('bans.list', { tenant: 'acme', limit: 4, cursor });
      expect(page.items.length).toBeLessThanOrEqual(4);
      seen.push(...page.items.map(({ user }) => user));
      ({ cursor } = page);
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: 15 }, (_, i) => `user-${i + 10}`));
  });
});

import { BusError, SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { createLocalSpine, createLogRules } from '@arqonbus/spine';
import type { ChannelLog, Spine } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createDeliveryRig, noPresence } from '../delivery/delivery-rig.ts';
import { createTenantStates } from '../limits/tenant-states.ts';
import { createTestSession, turn } from '../session/session-rig.ts';
import { createLocalChannels } from './local-channels.ts';
import { createSubscriptions } from './subscriptions.ts';

describe('the interest of a Shield', () => {
  it('[ARC-14] L-03: is taken with the first local join and dropped after the last leave', async () => {
    const rig = createDeliveryRig();
    const [ada, grace] = [rig.connect({ user: 'ada' }), rig.connect({ user: 'grace' })];
    await rig.join(ada, 'general');
    await rig.join(grace, 'general');
    expect(rig.channels.size()).toBe(2);
    rig.subscriptions.leave(ada.session, 'science', 'general');
    expect(rig.channels.size()).toBe(2);
    rig.disconnect(grace);
    expect(rig.channels.size()).toBe(0);
    await rig.publish('general');
    await rig.deliver();
    expect(rig.published).toEqual([]);
  });

  it('[AUT-4] is one of each tenant, in rooms of equal names (T-04)', async () => {
    const rig = createDeliveryRig();
    const foreign = rig.connect({ tenant: 'globex' });
    await rig.join(foreign, 'general');
    await rig.join(rig.connect(), 'general');
    expect(rig.channels.size()).toBe(4);
    await rig.publish('general');
    await rig.deliver();
    expect(foreign.connection.envelopes().filter(({ type }) => type === 'event')).toEqual([]);
  });
});

describe('the pseudo-channel of a room', () => {
  it('[PRT-20] is subscribed once, and brings a room-wide message once', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    for (const channel of ['general', 'explore', 'lab']) await rig.join(client, channel);
    await rig.publish('*');
    await rig.deliver();
    expect(client.connection.envelopes().filter(({ type }) => type === 'event')).toHaveLength(1);
    expect(client.session.explicitSubscriptions).toBe(3);
  });

  it('[PRT-16] goes with the last channel of its room', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    await rig.join(client, 'general');
    await rig.join(client, 'explore');
    rig.subscriptions.leave(client.session, 'science', 'general');
    expect(client.session.isSubscribed('science', '*')).toBe(true);
    rig.subscriptions.leave(client.session, 'science', 'explore');
    expect(client.session.isSubscribed('science', '*')).toBe(false);
    expect(client.connection.topics.size).toBe(0);
  });

  it('[PRT-16] stays where it was joined itself, until it is left', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    await rig.join(client, '*');
    await rig.join(client, 'general');
    expect(client.session.explicitSubscriptions).toBe(2);
    rig.subscriptions.leave(client.session, 'science', 'general');
    expect(client.session.isSubscribed('science', '*')).toBe(true);
    expect(rig.subscriptions.leave(client.session, 'science', '*')).toBe(true);
    expect(rig.channels.size()).toBe(0);
  });

  it('[PRT-16] cannot be left by who never joined it itself', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    await rig.join(client, 'general');
    expect(rig.subscriptions.leave(client.session, 'science', '*')).toBe(false);
    expect(client.session.isSubscribed('science', '*')).toBe(true);
  });
});

describe('a join under way', () => {
  it('[PRT-16] leaves nothing behind when the session closes', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    rig.holdsReads = true;
    const outcome = rig.join(client, 'general', { history: 5 }).catch((error: unknown) => error);
    await turn();
    expect(rig.channels.size()).toBe(2);
    rig.disconnect(client);
    await rig.releaseReads();
    expect(await outcome).toMatchObject({ code: 'UNAVAILABLE' });
    expect(rig.channels.size()).toBe(0);
    expect(client.session.subscriptions.size).toBe(0);
    expect(client.session.pendingJoins.size).toBe(0);
  });

  it('[PRT-16] leaves nothing behind when the log cannot be read', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    rig.holdsReads = true;
    const outcome = rig.join(client, 'general', { history: 5 }).catch((error: unknown) => error);
    await turn();
    await rig.releaseReads('fail');
    expect(await outcome).toMatchObject({ message: 'the log is away' });
    expect([rig.channels.size(), client.session.pendingJoins.size, client.session.explicitSubscriptions]).toEqual([
      0, 0, 0,
    ]);
  });

  function createOver(spine: Pick<Spine, 'subscribe'>, log: Partial<ChannelLog>) {
    const { session } = createTestSession();
    const limits = createDeliveryRig().parts.limits;
    const channels = createLocalChannels({
      spine: spine as Spine,
      log: log as ChannelLog,
      profileOf: createLogRules(SHIPPED_PROFILES, []),
      tenantStates: createTenantStates(limits, () => 0),
      onMessage: () => undefined,
    });
    return { session, channels, subscriptions: createSubscriptions(channels, noPresence, limits) };
  }
  const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };

  it('[SPN-4] leaves nothing behind when the Spine refuses the interest', async () => {
    let calls = 0;
    const refusing = {
      subscribe: () => {
        calls += 1;
        if (calls % 2 === 0) throw new BusError('UNAVAILABLE');
        return { unsubscribe: () => undefined };
      },
    };
    const log = { position: () => Promise.resolve({ epoch: 'e', firstSeq: 0, lastSeq: 0, endSeq: 0, stream: '' }) };
    const { session, channels, subscriptions } = createOver(refusing, log);
    await expect(subscriptions.prepare(session, address, false)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([channels.size(), session.pendingJoins.size]).toEqual([0, 0]);
  });

  it('[SPN-4] leaves nothing behind when the position cannot be read, and the next one asks again', async () => {
    let isAway = true;
    const position = (): ReturnType<ChannelLog['position']> =>
      isAway
        ? Promise.reject(new BusError('UNAVAILABLE'))
        : Promise.resolve({ epoch: 'e', firstSeq: 3, lastSeq: 9, endSeq: 9, stream: '' });
    const { session, channels, subscriptions } = createOver(createLocalSpine(), { position });
    await expect(subscriptions.prepare(session, address, false)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([channels.size(), session.pendingJoins.size]).toEqual([0, 0]);
    isAway = false;
    const join = await subscriptions.prepare(session, address, false);
    expect(join.channel).toMatchObject({ lastSeq: 9, epoch: 'e' });
    subscriptions.release(session, join);
    expect(channels.size()).toBe(0);
  });
});

describe('joining', () => {
  it('[LOG-9] from a position of this epoch is recovered, and every later publication follows the reply', async () => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'general');
    for (let i = 0; i < 6; i++) await rig.publish('general');
    await rig.deliver();
    const client = rig.connect();
    await rig.join(client, 'general', { from: { epoch: '0707070707070707', seq: 2 } });
    expect(client.connection.payloads()[0]).toMatchObject({ recovered: true, seq: 2 });
    expect(
      client.connection
        .envelopes()
        .slice(1)
        .map(({ seq }) => seq),
    ).toEqual([3, 4, 5, 6]);
  });

  it.each([
    { from: { epoch: 'other', seq: 2 }, reason: 'epoch_changed' },
    { from: { epoch: '0707070707070707', seq: 1 }, reason: 'trimmed' },
    { from: { epoch: '0707070707070707', seq: 0 }, reason: 'trimmed' },
    { from: { epoch: '0707070707070707', seq: 99 }, reason: 'trimmed' },
  ])('[LOG-9] R-39, R-40: from $from.epoch $from.seq is not recovered: $reason', async ({ from, reason }) => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'general');
    for (let i = 0; i < 12; i++) await rig.publish('general');
    await rig.deliver();
    const client = rig.connect();
    await rig.join(client, 'general', { from });
    const room_log = { epoch: '0707070707070707', seq: 0 };
    expect(client.connection.payloads()).toEqual([
      { room: 'science', channel: 'general', epoch: '0707070707070707', seq: 12, recovered: false, reason, room_log },
    ]);
  });

  it('[PRT-14] a live channel answers without a position', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    await rig.join(client, 'live', { from: { epoch: 'x', seq: 1 }, history: 5 });
    const room_log = { epoch: '0707070707070707', seq: 0 };
    expect(client.connection.payloads()).toEqual([
      { room: 'science', channel: 'live', publications: [], recovered: false, reason: 'no_log', room_log },
    ]);
  });

  it('[LOG-11] a state channel brings its one value at once', async () => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'state');
    for (let i = 0; i < 3; i++) await rig.publish('state');
    await rig.deliver();
    const client = rig.connect();
    await rig.join(client, 'state');
    expect(client.connection.envelopes().map(({ type, seq }) => [type, seq])).toEqual([
      ['response', 0],
      ['event', 3],
    ]);
  });

  it('[LOG-9] with history misses nothing that was delivered while it was being answered', async () => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'general');
    await rig.publish('general');
    await rig.deliver();
    const client = rig.connect();
    rig.holdsReads = true;
    const joining = rig.join(client, 'general', { history: 5 });
    await turn();
    await rig.publish('general');
    await rig.deliver();
    rig.holdsReads = false;
    await rig.releaseReads();
    await joining;
    expect(client.connection.payloads()[0]).toMatchObject({ seq: 1, publications: [{ seq: 1 }] });
    expect(
      client.connection
        .envelopes()
        .slice(1)
        .map(({ seq }) => seq),
    ).toEqual([2]);
  });

  it('[PRT-7] is refused while an earlier session is being resumed', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    client.session.isResuming = true;
    await expect(rig.join(client, 'general')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect([rig.channels.size(), client.session.pendingJoins.size]).toEqual([0, 0]);
  });
});

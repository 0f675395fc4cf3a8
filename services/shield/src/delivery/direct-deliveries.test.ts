import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { clientOut, tenantOut, userOut } from '@arqonbus/spine';
import type { Subject } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { AbsentClients } from '../resume/absent-clients.ts';
import { createPrivateMessages } from '../publish/private-messages.ts';
import { turn } from '../session/session-rig.ts';
import { createDeliveryCounters } from './delivery-counters.ts';
import { createDeliveryRig } from './delivery-rig.ts';
import { createDirectDeliveries } from './direct-deliveries.ts';

const node = 'n0a1b2c3d4e5f';

function createRig(needsSharedRoom = false) {
  const rig = createDeliveryRig();
  const metrics = createMetrics();
  const direct = createDirectDeliveries({
    node,
    spine: rig.spine,
    sessions: rig.sessions,
    slowConsumers: rig.slowConsumers,
    absent: new AbsentClients(node),
    send: rig.parts.send,
    counters: createDeliveryCounters(metrics, () => 0),
  });
  const connect = (user: string, tenant = 'acme') => {
    const client = rig.connect({ user, tenant });
    direct.opened(client.session);
    return client;
  };
  const messages = createPrivateMessages(rig.spine, () => needsSharedRoom);
  /** Delivers and moves the Spine along until it is settled; the error's details, or undefined. */
  const send = async (from: ReturnType<typeof connect>, to: readonly string[]): Promise<unknown> => {
    const envelope = { ...createEnvelope('private'), id: 'arq_private01', to };
    let outcome: unknown = 'pending';
    void messages.deliver(from.session, envelope).then(
      () => (outcome = undefined),
      (error: unknown) => (outcome = error),
    );
    await rig.deliver();
    await rig.deliver();
    if (outcome === 'pending') await rig.expireRequests();
    return outcome;
  };
  return { rig, direct, connect, send, metrics };
}

describe('private messages', () => {
  it('[PRT-17] reach a client, and every connection of a user, each told its own name alone', async () => {
    const { connect, send } = createRig();
    const [ada, phone, laptop] = [connect('ada'), connect('grace'), connect('grace')];
    expect(await send(ada, [phone.session.clientId, 'user:grace'])).toBeUndefined();
    expect(phone.connection.envelopes().map(({ to }) => to)).toEqual([[phone.session.clientId], ['user:grace']]);
    expect(laptop.connection.envelopes().map(({ to }) => to)).toEqual([['user:grace']]);
    expect(ada.connection.frames).toEqual([]);
  });

  it('[PRT-17] [AUT-4] never reach another tenant, whose clients are not found (T-04)', async () => {
    const { connect, send } = createRig();
    const ada = connect('ada');
    const foreign = connect('grace', 'globex');
    expect(await send(ada, [foreign.session.clientId])).toMatchObject({
      code: 'TARGET_NOT_FOUND',
      details: { missing: [foreign.session.clientId] },
    });
    expect(foreign.connection.frames).toEqual([]);
  });

  it('[SPN-8] to a client that is gone are refused by the Shield of its birth, and not by a timeout', async () => {
    const { rig, connect } = createRig();
    const ada = connect('ada');
    const gone = connect('grace');
    rig.disconnect(gone);
    const messages = createPrivateMessages(rig.spine, () => false);
    const envelope = { ...createEnvelope('private'), id: 'arq_private02', to: [gone.session.clientId] };
    const outcome = messages.deliver(ada.session, envelope).catch((error: unknown) => error);
    await rig.deliver();
    expect(await outcome).toMatchObject({ code: 'TARGET_NOT_FOUND', details: { missing: [gone.session.clientId] } });
  });

  it('[PRT-17] need a room in common where that is configured', async () => {
    const { rig, connect, send } = createRig(true);
    const [ada, grace] = [connect('ada'), connect('grace')];
    expect(await send(ada, [grace.session.clientId])).toMatchObject({ code: 'TARGET_NOT_FOUND' });
    await rig.join(ada, 'general');
    await rig.join(grace, 'explore');
    expect(await send(ada, [grace.session.clientId])).toBeUndefined();
  });

  it('[SPN-3] that are malformed are counted and answered by silence', async () => {
    const { rig, connect, metrics } = createRig();
    const { session } = connect('ada');
    const asks = [clientOut('acme' as TenantId, session.clientId), userOut('acme' as TenantId, 'ada')].map(
      (subject: Subject) => rig.spine.request(subject, new Uint8Array([255, 255, 255]), 2_000),
    );
    const outcomes = Promise.allSettled(asks);
    await rig.deliver();
    await rig.expireRequests();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(metrics.render()).toContain('arqonbus_spine_malformed_total 2');
    expect(rig.spine.handlerFailures()).toBe(0);
  });
});

describe('messages to a tenant', () => {
  it('[PRT-18] reach every connection of that tenant, while one is there', async () => {
    const { rig, connect, direct } = createRig();
    const [ada, foreign] = [connect('ada'), connect('grace', 'globex')];
    const data = encodeProtoEnvelope({ ...createEnvelope('system'), id: 'arq_system001' });
    rig.spine.publish(tenantOut('acme' as TenantId), data);
    rig.spine.publish(tenantOut('acme' as TenantId), new Uint8Array(0));
    await rig.deliver();
    expect([ada.connection.frames.length, foreign.connection.frames.length]).toEqual([1, 0]);
    direct.closed(ada.session);
    rig.spine.publish(tenantOut('acme' as TenantId), data);
    await turn();
    await rig.deliver();
    expect(ada.connection.frames).toHaveLength(1);
  });
});

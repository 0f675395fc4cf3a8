import { describe, expect, it } from 'vitest';
import { DisconnectOrderSchema, SharesChangedSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { ctl, tenantPartition } from '@arqonbus/spine';
import { connect, createBrainFixture, disconnect } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';

const partition = tenantPartition('acme');

async function ask(fixture: BrainFixture, node: string, messages: number, bytes = 0): Promise<readonly number[]> {
  const usage = { tenant: 'acme', messages, bytes };
  const { tenants } = await fixture.call('limits.share', { node, partition, tenants: [usage] });
  return [tenants[0]?.messages ?? -1, tenants[0]?.bytes ?? -1];
}

describe('shares of a tenant’s limits', () => {
  it('[PRT-27] are the whole for one Shield, and split among several by what they are asked for', async () => {
    const fixture = await createBrainFixture({ limits: { messagesPerTenantPerSecond: 100 } });
    expect(await ask(fixture, 'n1', 500)).toEqual([1, 1]);
    const [second = 0] = await ask(fixture, 'n2', 1_500);
    const [first = 0] = await ask(fixture, 'n1', 500);
    expect([first + second, second > 0.7]).toEqual([1, true]);
  });

  it('[PRT-27] change at once for all when a tenant appears at another Shield, and back when that one is silent', async () => {
    const fixture = await createBrainFixture();
    const changed: number[] = [];
    fixture.spine.subscribe(ctl('limits'), ({ data }) => changed.push(fromBinary(SharesChangedSchema, data).partition));
    await ask(fixture, 'n1', 0);
    await ask(fixture, 'n1', 0);
    await ask(fixture, 'n2', 0);
    await fixture.spine.flush();
    expect(changed).toEqual([partition, partition]);
    expect(await ask(fixture, 'n1', 0)).toEqual([0.5, 0.5]);
    await fixture.pass(3_000);
    await fixture.brain.sweep();
    expect(await ask(fixture, 'n1', 0)).toEqual([1, 1]);
  });

  it('[PRT-27] are of one tenant alone, and survive figures that are none', async () => {
    const fixture = await createBrainFixture();
    await fixture.call('limits.share', {
      node: 'n1',
      partition,
      tenants: [{ tenant: 'globex', messages: Number.NaN, bytes: Number.NEGATIVE_INFINITY }],
    });
    expect(await ask(fixture, 'n2', Number.POSITIVE_INFINITY)).toEqual([1, 1]);
    const malformed = fixture.call('limits.share', { node: 'n1', partition, tenants: [{ tenant: 'a.*' }] });
    await expect(malformed).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});

describe('connections', () => {
  it('[PRT-27] of a tenant, and of users with many, are told to every Shield', async () => {
    const fixture = await createBrainFixture({ limits: { connectionsPerUser: 4 } });
    await fixture.report('n1', [connect('acme', 'n1_a', 'ada'), connect('acme', 'n1_b', 'grace')]);
    await fixture.report('n2', [connect('acme', 'n2_a', 'ada'), connect('globex', 'n2_b', 'ada')]);
    const request = { node: 'n3', partition, tenants: [{ tenant: 'acme' }] };
    const { tenants } = await fixture.call('limits.share', request);
    expect(tenants).toMatchObject([{ connections: 3, users: [{ user: 'ada', connections: 2 }] }]);
  });

  it('[PRT-27] over the cap of a user or tenant are ended, the newest first, wherever they are', async () => {
    const fixture = await createBrainFixture({ limits: { connectionsPerUser: 2, connectionsPerTenant: 4 } });
    const orders: unknown[] = [];
    fixture.spine.subscribe(ctl('disconnect'), ({ data }) => {
      const { tenant, clientId, user, code } = fromBinary(DisconnectOrderSchema, data);
      orders.push([tenant, clientId, user, code]);
    });
    await fixture.report('n1', [connect('acme', 'n1_a', 'ada'), connect('acme', 'n1_b', 'ada')]);
    await fixture.report('n2', []);
    await fixture.report('n2', [connect('acme', 'n2_a', 'ada'), connect('globex', 'n2_b', 'ada')]);
    await fixture.report('n2', [disconnect('acme', 'n2_a')]);
    await fixture.report(
      'n2',
      ['c', 'd', 'e'].map((id) => connect('acme', `n2_${id}`, `user-${id}`)),
    );
    await fixture.spine.flush();
    expect(orders).toEqual([
      ['acme', 'n2_a', '', 'QUOTA_EXCEEDED'],
      ['acme', 'n2_e', '', 'QUOTA_EXCEEDED'],
    ]);
  });
});

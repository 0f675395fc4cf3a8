import type { LogPosition, SpineStatus } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { createDeliveryRig } from './delivery-rig.ts';
import { followDiscontinuities } from './discontinuities.ts';
import { createRecoveryCounters } from './recovery-counters.ts';

/** A rig whose Spine comes and goes by hand, and whose log says what the test wants. */
async function createRig(position: Partial<LogPosition>) {
  const rig = createDeliveryRig();
  const client = rig.connect();
  await rig.join(client, 'live');
  await rig.join(client, 'general');
  await rig.publish('general');
  await rig.deliver();
  const statuses: ((status: SpineStatus) => void)[] = [];
  const told: unknown[] = [];
  const reached: unknown[] = [];
  const errors: unknown[] = [];
  const metrics = createMetrics();
  const subscription = followDiscontinuities({
    spine: {
      ...rig.spine,
      onStatus: (listener) => {
        statuses.push(listener);
        return { unsubscribe: () => statuses.pop() };
      },
    },
    log: { ...rig.log, position: async (address) => ({ ...(await rig.log.position(address)), ...position }) },
    channels: rig.channels,
    gaps: { reach: async ({ name }, seq) => void reached.push([name, seq]) },
    tell: ({ name }, payload) => told.push([name, payload]),
    recoveries: createRecoveryCounters(metrics),
    onError: (channel, error) => errors.push([channel.name, error]),
  });
  const lose = (): void => statuses[0]?.('disconnected');
  const comeBack = (): void => statuses[0]?.('connected');
  return { rig, metrics, told, reached, errors, subscription, statuses, lose, comeBack };
}

describe('a loss of the Spine', () => {
  it('[SPN-4] is told on live channels once it is over, and on no other', async () => {
    const { metrics, told, comeBack, lose, subscription, statuses } = await createRig({});
    comeBack();
    expect(told).toEqual([]);
    lose();
    comeBack();
    comeBack();
    expect(told).toEqual([['science:live', { event: 'discontinuity', reason: 'spine' }]]);
    expect(metrics.render()).toContain('arqonbus_discontinuities_total{reason="spine"} 1');
    subscription.unsubscribe();
    expect(statuses).toEqual([]);
  });

  it('[LOG-16] makes logged channels fetch what came meanwhile, also where nothing follows', async () => {
    const { rig, reached, lose, comeBack } = await createRig({ lastSeq: 9 });
    const [general] = [...rig.channels.all()].filter(({ name }) => name === 'science:general');
    lose();
    expect(general?.isContinuous).toBe(false);
    comeBack();
    await vi.waitFor(() => expect(reached).toContainEqual(['science:general', 9]));
    await vi.waitFor(() => expect(general?.isContinuous).toBe(true));
  });

  it('[LOG-4] is told as a hole where the log is another one now', async () => {
    const { rig, told, reached, lose, comeBack } = await createRig({ epoch: 'another', lastSeq: 3 });
    lose();
    comeBack();
    const payload = { event: 'lagging', epoch: 'another', seq: 3, recovered: false, reason: 'epoch_changed' };
    await vi.waitFor(() => expect(told).toContainEqual(['science:general', payload]));
    const general = [...rig.channels.all()].find(({ name }) => name === 'science:general');
    expect(general).toMatchObject({ epoch: 'another', lastSeq: 3, receivedSeq: 3 });
    expect(reached).toEqual([]);
  });
});

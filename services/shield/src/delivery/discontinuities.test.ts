import { BusError } from '@arqonbus/protocol';
import { ctl } from '@arqonbus/spine';
import type { LogPosition, SpineStatus } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { createDeliveryRig } from './delivery-rig.ts';
import type { DeliveryRig } from './delivery-rig.ts';
import { followDiscontinuities } from './discontinuities.ts';
import { createRecoveryCounters } from './recovery-counters.ts';

/** A rig whose Spine comes and goes by hand, and whose log says what the test wants. */
async function createRig(
  position: Partial<LogPosition>,
  { failures = 0, onAsked = () => undefined }: { failures?: number; onAsked?: (rig: DeliveryRig) => void } = {},
) {
  const rig = createDeliveryRig();
  const client = rig.connect();
  await rig.join(client, 'live');
  await rig.join(client, 'general');
  await rig.publish('general');
  await rig.deliver();
  let failuresLeft = failures;
  let status: SpineStatus = 'connected';
  const timers: (() => void)[] = [];
  const statuses: ((status: SpineStatus) => void)[] = [];
  const told: unknown[] = [];
  const reached: unknown[] = [];
  const errors: unknown[] = [];
  const metrics = createMetrics();
  const subscription = followDiscontinuities({
    spine: {
      ...rig.spine,
      status: () => status,
      subscribe: (filter, onMessage) => rig.spine.subscribe(filter, onMessage),
      onStatus: (listener) => {
        statuses.push(listener);
        return { unsubscribe: () => statuses.pop() };
      },
    },
    log: {
      ...rig.log,
      position: async (address) => {
        if (failuresLeft-- > 0) throw new BusError('TIMEOUT');
        onAsked(rig);
        return { ...(await rig.log.position(address)), ...position };
      },
    },
    startTimer: (run) => void timers.push(run),
    channels: rig.channels,
    gaps: { reach: async ({ name }, seq) => void reached.push([name, seq]) },
    tell: ({ name }, payload) => told.push([name, payload]),
    recoveries: createRecoveryCounters(metrics),
    onError: (channel, error) => errors.push([channel.name, error]),
  });
  const become = (next: SpineStatus): void => {
    status = next;
    statuses[0]?.(next);
  };
  const lose = (): void => become('disconnected');
  const comeBack = (): void => become('connected');
  return { rig, metrics, told, reached, errors, timers, subscription, statuses, lose, comeBack };
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

  it('[LOG-16] looks again where the log could not be read: the channel and its room', async () => {
    const { reached, errors, timers, lose, comeBack } = await createRig({ lastSeq: 9 }, { failures: 2 });
    lose();
    comeBack();
    await vi.waitFor(() => expect([errors.length, timers.length]).toEqual([2, 2]));
    expect(reached).toEqual([]);
    for (const run of timers.splice(0)) run();
    await vi.waitFor(() => expect(reached).toContainEqual(['science:general', 9]));
    await vi.waitFor(() => expect(reached).toContainEqual(['science:*', 9]));
    expect(timers).toEqual([]);
  });

  it('[LOG-16] leaves a log that could not be read to the next reconnect where the Spine is lost again', async () => {
    const { reached, errors, timers, lose, comeBack } = await createRig({ lastSeq: 9 }, { failures: 2 });
    lose();
    comeBack();
    await vi.waitFor(() => expect(errors.length).toBe(2));
    lose();
    for (const run of timers.splice(0)) run();
    expect([reached, timers]).toEqual([[], []]);
    comeBack();
    await vi.waitFor(() => expect(reached.length).toBe(2));
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

  it('[LOG-6] [LOG-4] a Brain that keeps the log says when to look, and live channels hear nothing of it', async () => {
    const { rig, told, subscription } = await createRig({ epoch: 'another', lastSeq: 3 });
    rig.spine.publish(ctl('log'), new Uint8Array());
    await rig.deliver();
    const payload = { event: 'lagging', epoch: 'another', seq: 3, recovered: false, reason: 'epoch_changed' };
    await vi.waitFor(() => expect(told).toHaveLength(2));
    for (const name of ['science:*', 'science:general']) expect(told).toContainEqual([name, payload]);
    subscription.unsubscribe();
  });

  it('[LOG-4] what came while the new position was asked for does not come again', async () => {
    const generalOf = ({ channels }: DeliveryRig) =>
      [...channels.all()].filter(({ name }) => name === 'science:general');
    const onAsked = (rig: DeliveryRig): void => {
      for (const channel of generalOf(rig)) channel.receivedSeq = 70;
    };
    const { rig, told, subscription } = await createRig({ epoch: 'another', lastSeq: 3 }, { onAsked });
    rig.spine.publish(ctl('log'), new Uint8Array());
    await rig.deliver();
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(generalOf(rig)).toMatchObject([{ epoch: 'another', receivedSeq: 70 }]);
    subscription.unsubscribe();
  });

  it('[LOG-4] who joins meanwhile waits until it is known which log it is', async () => {
    const generalOf = ({ channels }: DeliveryRig) => [...channels.all()].find(({ name }) => name === 'science:general');
    const { rig, errors, timers, subscription } = await createRig({ epoch: 'another', lastSeq: 3 }, { failures: 2 });
    const ready = (): Promise<void> => generalOf(rig)?.ready ?? Promise.reject(new Error('no channel'));
    rig.spine.publish(ctl('log'), new Uint8Array());
    await rig.deliver();
    // Nobody could tell: a join now is refused, and not let in by what was known before.
    await expect(ready()).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.waitFor(() => expect([errors.length, timers.length]).toEqual([2, 2]));
    for (const run of timers.splice(0)) run();
    await ready();
    expect(generalOf(rig)?.epoch).toBe('another');
    subscription.unsubscribe();
  });
});

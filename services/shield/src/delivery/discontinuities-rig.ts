import { BusError } from '@arqonbus/protocol';
import type { LogClass } from '@arqonbus/protocol';
import { ctl } from '@arqonbus/spine';
import type { ChannelLog, LogChange, LogPosition, SpineStatus } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import type { Metrics } from '@arqonbus/telemetry';
import { expect, vi } from 'vitest';
import type { Doubt, LocalChannel } from '../subscriptions/local-channel.ts';
import { createDeliveryRig } from './delivery-rig.ts';
import type { DeliveryRig } from './delivery-rig.ts';
import { followDiscontinuities } from './discontinuities.ts';
import type { Discontinuities } from './discontinuities.ts';
import { createRecoveryCounters } from './recovery-counters.ts';

interface RigOptions {
  readonly failures?: number;
  readonly onAsked?: (rig: DeliveryRig) => void;
}

/** For tests: what happens around {@link followDiscontinuities}, written down or moved by hand. */
export interface DiscontinuityRig {
  readonly rig: DeliveryRig;
  readonly discontinuities: Discontinuities;
  readonly metrics: Metrics;
  /** What subscribers, the gap filler and the log of errors were told. */
  readonly told: unknown[];
  readonly reached: unknown[];
  readonly errors: unknown[];
  /** Channels whose position was asked for. */
  readonly asked: string[];
  readonly statuses: ((status: SpineStatus) => void)[];
  readonly changes: ((change: LogChange) => void)[];
  readonly timers: (() => void)[];
  /** The log as it is told from now on. */
  readonly loss: { isAway: boolean; endSeq?: number; lastSeq?: number };
  readonly layout: { logClasses: Readonly<Record<string, LogClass>> };
  lose(): void;
  comeBack(): void;
}

/** For tests: a rig whose Spine comes and goes by hand, and whose log says what the test wants. */
export async function createDiscontinuityRig(
  position: Partial<LogPosition>,
  { failures = 0, onAsked = () => undefined }: RigOptions = {},
): Promise<DiscontinuityRig> {
  const rig = createDeliveryRig();
  const client = rig.connect();
  await rig.join(client, 'live');
  await rig.join(client, 'general');
  await rig.publish('general');
  await rig.deliver();
  let status: SpineStatus = 'connected';
  const metrics = createMetrics();
  const seen: Omit<DiscontinuityRig, 'rig' | 'discontinuities' | 'metrics' | 'lose' | 'comeBack'> = {
    told: [],
    reached: [],
    errors: [],
    asked: [],
    statuses: [],
    changes: [],
    timers: [],
    loss: { isAway: false },
    layout: { logClasses: {} },
  };
  const { told, reached, errors, statuses, changes, timers, layout } = seen;
  const discontinuities = followDiscontinuities({
    spine: {
      status: () => status,
      subscribe: (filter, onMessage) => rig.spine.subscribe(filter, onMessage),
      onStatus: (listener) => {
        statuses.push(listener);
        return { unsubscribe: () => statuses.pop() };
      },
    },
    log: createToldLog(rig, seen, { position, failures, onAsked }),
    channels: rig.channels,
    profileOf: (room, channel) => {
      const logClass = layout.logClasses[channel];
      const profile = rig.parts.profileOf(room, channel);
      return logClass === undefined ? profile : { ...profile, logClass };
    },
    onLogChange: (listener) => void changes.push(listener),
    gaps: { reach: async ({ name }, seq) => void reached.push([name, seq]) },
    tell: ({ name }, payload) => told.push([name, payload]),
    recoveries: createRecoveryCounters(metrics),
    onError: (channel, error) => errors.push([channel.name, error]),
    startTimer: (run) => timers.push(run),
  });
  const become = (now: SpineStatus): void => {
    status = now;
    statuses[0]?.(now);
  };
  return {
    ...seen,
    rig,
    metrics,
    discontinuities,
    lose: () => become('disconnected'),
    comeBack: () => become('connected'),
  };
}

interface ToldLog extends Required<RigOptions> {
  readonly position: Partial<LogPosition>;
}

/** The rig's log, but for what the test says of it. */
function createToldLog(
  rig: DeliveryRig,
  { asked, loss }: Pick<DiscontinuityRig, 'asked' | 'loss'>,
  { position, failures, onAsked }: ToldLog,
): Pick<ChannelLog, 'position' | 'end'> {
  let failuresLeft = failures;
  return {
    position: async (address) => {
      if (failuresLeft-- > 0) throw new BusError('TIMEOUT');
      onAsked(rig);
      asked.push(address.channel);
      if (loss.isAway) throw new Error('away');
      const lost = loss.lastSeq === undefined ? {} : { lastSeq: loss.lastSeq };
      return { ...(await rig.log.position(address)), ...position, ...lost };
    },
    end: async (address) => {
      const end = await rig.log.end(address);
      return { ...end, endSeq: loss.endSeq ?? end.endSeq };
    },
  };
}

/** For tests: one of whose channel science:general something is heard while its position is asked for. */
export interface DoubtedRig extends DiscontinuityRig {
  generalOf(): LocalChannel | undefined;
  /** Lets the channel be looked at, and be heard of meanwhile. */
  ask(heard: Doubt): Promise<void>;
}

/** For tests: something is heard of science:general while its position is asked for. */
export async function createDoubtedRig(position: Partial<LogPosition>): Promise<DoubtedRig> {
  let heard: Doubt | undefined;
  const generalIn = ({ channels }: DeliveryRig) => [...channels.all()].find(({ name }) => name === 'science:general');
  const onAsked = (rig: DeliveryRig): void => {
    Object.assign(generalIn(rig)?.doubt ?? {}, heard);
  };
  const created = await createDiscontinuityRig(position, { onAsked });
  const generalOf = () => generalIn(created.rig);
  const ask = async (doubt: Doubt): Promise<void> => {
    heard = doubt;
    created.rig.spine.publish(ctl('log'), new Uint8Array());
    await created.rig.deliver();
    await vi.waitFor(() => expect(created.told).toHaveLength(2));
    created.discontinuities.stop();
  };
  return { ...created, generalOf, ask };
}

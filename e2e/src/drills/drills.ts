import { shippedValkeyUsers, startValkeyServer } from '@arqonbus/testkit';
import type { ValkeyServer } from '@arqonbus/testkit';
import { connectJson } from '../harness/json-client.ts';
import type { JsonClient } from '../harness/json-client.ts';
import { publishMany } from '../harness/numbered-events.ts';
import { certificateRunsOut } from './certificate-runs-out.ts';
import type { Drill } from './drill.ts';
import type { DrilledBus } from './drilled-bus.ts';
import { fullDisk } from './full-disk.ts';
import { isGrowing } from './growing.ts';

const isAny = (values: readonly number[], value: number): boolean => values.includes(value);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const PARTITIONS = 16;

const natsRestarted: Drill = {
  name: 'nats-restarted',
  alert: 'ArqonbusSpineLost',
  harm: async ({ nats }) => {
    await nats.kill();
    return () => nats.restart();
  },
  isShown: async (bus) => isAny(await bus.gauges('arqonbus_spine_connected'), 0),
};

const postgresDown: Drill = {
  name: 'postgres-down',
  alert: 'ArqonbusPostgresDown',
  harm: async ({ postgres }) => {
    if (postgres === undefined) throw new Error('Postgres is shared.');
    await postgres.kill();
    return () => postgres.restart();
  },
  isShown: async (bus) => isAny(await bus.gauges('arqonbus_postgres_up'), 0),
};

/** Where it keeps the log. */
function valkeyLost(): Drill {
  let server: ValkeyServer | undefined;
  return {
    name: 'valkey-lost',
    alert: 'ArqonbusValkeyDown',
    prepare: async () => {
      const { users, env } = shippedValkeyUsers();
      const started = await startValkeyServer({ users, persistent: true });
      server = started;
      const settings = { ...env, ARQONBUS_LOG_BACKEND: 'valkey', ARQONBUS_VALKEY_URL: started.url };
      return { env: settings, stop: () => started.stop() };
    },
    harm: async () => {
      const lost = server;
      await lost?.kill();
      return async () => lost?.restart();
    },
    isShown: async (bus) => isAny(await bus.gauges('arqonbus_valkey_usable'), 0),
  };
}

const shieldKilled: Drill = {
  name: 'shield-killed',
  alert: '',
  harm: async (bus) => {
    await bus.shields[0]?.kill();
    return () => bus.restartShield(0);
  },
  // What Prometheus tells as `up == 0`.
  isShown: async (bus) => bus.shields.some((shield) => !shield.isRunning()),
};

const brainKilled: Drill = {
  name: 'brain-killed',
  alert: 'ArqonbusPartitionsUnserved',
  harm: async (bus) => {
    await bus.brains[0]?.kill();
    return async () => void (await bus.startBrain(0));
  },
  isShown: async (bus) => sum(await bus.gauges('arqonbus_brain_partitions')) < PARTITIONS,
};

const slowConsumer: Drill = {
  name: 'slow-consumer',
  alert: 'ArqonbusSlowConsumers',
  harm: async (bus) => {
    const [loud, stuck] = [await enter(bus, 'loud'), await enter(bus, 'stuck')];
    for (const client of [loud, stuck]) await client.must('join_channel', { room: 'kept', channel: 'loud' });
    stuck.socket.pause();
    await publishMany(loud, 'kept:loud', 0, 600);
    return async () => {
      for (const client of [loud, stuck]) client.end();
    };
  },
  isShown: async (bus) => sum(await bus.gauges('arqonbus_slow_consumers')) > 0,
};

const tenantFloods: Drill = {
  name: 'tenant-floods',
  alert: '',
  env: { ARQONBUS_LIMITS_MESSAGES_PER_SECOND: '100', ARQONBUS_LIMITS_MESSAGES_BURST: '200' },
  harm: async (bus) => {
    const flooders = await Promise.all(
      Array.from({ length: 8 }, (_, n) => enter(bus, `flood-${n}`, { tenant: 'globex' })),
    );
    for (const client of flooders) await client.must('join_channel', { room: 'kept', channel: 'flood' });
    const flood = setInterval(() => {
      for (const client of flooders.filter(({ socket }) => !socket.isClosed()))
        for (let n = 0; n < 10; n++) client.send({ type: 'event', room: 'kept:flood', payload: n });
    }, 50);
    const banned = async (): Promise<void> => {
      const admin = await enter(bus, 'root', { tenant: 'globex', role: 'admin' });
      for (let n = 0; n < flooders.length; n++)
        await admin.must('op.session.disconnect', { user: `flood-${n}`, ban_for_ms: 60_000 });
      admin.end();
      clearInterval(flood);
    };
    return banned;
  },
  isShown: (bus) => isGrowing(bus, 'arqonbus_stage_blocks_total'),
};

/** The log has as much as it may take. */
const logFull: Drill = {
  name: 'log-full',
  alert: 'ArqonbusAcceptanceBudgetBurnsFast',
  env: { ARQONBUS_LOG_STREAM_MAX_BYTES: '4194304' },
  harm: async (bus) => {
    const loud = await enter(bus, 'loud');
    await loud.must('join_channel', { room: 'kept', channel: 'loud' });
    await publishMany(loud, 'kept:loud', 0, 500).catch(() => undefined);
    loud.end();
    return async () => {
      for (const number of [0, 1]) {
        await bus.brains[number]?.stop();
        await bus.startBrain(number, { ARQONBUS_LOG_STREAM_MAX_BYTES: '67108864' });
      }
    };
  },
  isShown: (bus) => isGrowing(bus, 'arqonbus_messages_failed_total'),
};

/** All drills, in the order of docs/operations.md. */
export const drills: readonly Drill[] = [
  natsRestarted,
  valkeyLost(),
  postgresDown,
  shieldKilled,
  certificateRunsOut(),
  brainKilled,
  logFull,
  fullDisk(),
  slowConsumer,
  tenantFloods,
];

async function enter(
  bus: DrilledBus,
  user: string,
  order: { readonly tenant?: string; readonly role?: 'admin' } = {},
): Promise<JsonClient> {
  return connectJson({ port: bus.port(1), token: await bus.token({ user, ...order }), answerPings: true });
}

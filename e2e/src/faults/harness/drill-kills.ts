import type { Cluster, ValkeyServer } from '@arqonbus/testkit';

/** A cluster, and the Valkey that keeps its log, if one does. */
export interface KilledCluster extends Cluster {
  readonly valkey: ValkeyServer | undefined;
}

/** A process of the cluster that dies and is started again. */
interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  start(): Promise<unknown>;
}

/** Processes that are killed one after the other, over and over. */
export interface Kills {
  /** Names of those killed so far. */
  readonly killed: readonly string[];
  /** Ends once the one that is down now runs again. */
  stop(): Promise<void>;
}

/** How long one stays dead. */
const DOWN_MS = 500;

/** Kills one process after the other, SIGKILL, and starts each again before the next; `pauseMs` apart. */
export function startKills(cluster: KilledCluster, pauseMs: number): Kills {
  const victims = victimsOf(cluster);
  const killed: string[] = [];
  let isEnding = false;
  let wake = (): void => undefined;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(), ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isEnding) wake();
    });
  const run = async (): Promise<void> => {
    for (let turn = 0; !isEnding; turn++) {
      const victim = victims[turn % victims.length];
      if (victim === undefined) return;
      await victim.kill();
      killed.push(victim.name);
      await pause(DOWN_MS);
      await victim.start();
      await pause(pauseMs);
    }
  };
  const running = run();
  // Whoever stops it hears of a failure.
  running.catch(() => undefined);
  return {
    killed,
    stop: () => {
      isEnding = true;
      wake();
      return running;
    },
  };
}

function victimsOf(cluster: KilledCluster): readonly Victim[] {
  const shield = (number: number): Victim => ({
    name: 'Shield',
    kill: async () => cluster.shields[number]?.kill(),
    start: () => cluster.startShield(number),
  });
  const brain = (number: number): Victim => ({
    name: 'Brain',
    kill: async () => cluster.brains[number]?.kill(),
    start: () => cluster.startBrain(number),
  });
  const { nats, postgres, valkey } = cluster;
  const server = (name: string, of: { kill(): Promise<void>; restart(): Promise<void> }): Victim => ({
    name,
    kill: () => of.kill(),
    start: () => of.restart(),
  });
  return [
    shield(0),
    server('NATS', nats),
    brain(0),
    ...(valkey === undefined ? [] : [server('Valkey', valkey)]),
    shield(1),
    ...(postgres === undefined ? [] : [server('Postgres', postgres)]),
    brain(1),
  ];
}

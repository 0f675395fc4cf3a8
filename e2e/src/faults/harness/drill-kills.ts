import type { Cluster, ServiceProcess, ValkeyServer } from '@arqonbus/testkit';

/** A cluster, and the Valkey that keeps its log, if one does. */
export interface KilledCluster extends Cluster {
  readonly valkey: ValkeyServer | undefined;
  /** Called before each turn with its number, from 0: decides which release starts in it. */
  turnTo(turn: number): void;
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
  return startTurns(victimsOf(cluster), DOWN_MS, pauseMs, () => undefined);
}

/**
 * Replaces one Shield or Brain after the other, as a rollout does: the successor is ready before the old process is told to go,
 * and that one ends in good order (DPL-3). Rejects where it does not.
 */
export function startReplacements(cluster: KilledCluster, pauseMs: number): Kills {
  const replace = async (old: ServiceProcess | undefined, start: () => Promise<unknown>): Promise<void> => {
    await start();
    await old?.stop();
    const code = await old?.exited;
    if (code !== 0) throw new Error(`${old?.name} ended with ${code}:\n${old?.log().slice(-2_000)}`);
  };
  const there = async (): Promise<void> => undefined;
  const victims = [0, 1].flatMap((n): Victim[] => [
    { name: 'Brain', kill: () => replace(cluster.brains[n], () => cluster.startBrain(n)), start: there },
    { name: 'Shield', kill: () => replace(cluster.shields[n], () => cluster.startShield(n)), start: there },
  ]);
  return startTurns(victims, 0, pauseMs, (turn) => cluster.turnTo(turn));
}

function startTurns(
  victims: readonly Victim[],
  downMs: number,
  pauseMs: number,
  beforeTurn: (turn: number) => void,
): Kills {
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
      beforeTurn(turn);
      await victim.kill();
      killed.push(victim.name);
      await pause(downMs);
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

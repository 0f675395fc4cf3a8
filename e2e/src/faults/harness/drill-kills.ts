import { SeededRandom } from '@arqonbus/testkit';
import type { Cluster, ServiceProcess, ValkeyServer } from '@arqonbus/testkit';

/** A cluster, and the Valkey that keeps its log, if one does. */
export interface KilledCluster extends Cluster {
  readonly valkey: ValkeyServer | undefined;
  /** Called before each turn with its number, from 0: decides which release starts in it. */
  turnTo(turn: number): void;
  /** Reloads what stands before the Shields; undefined where that cannot be. */
  readonly reload: (() => void) | undefined;
}

/** A process of the cluster that dies and is started again. */
interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  start(): Promise<unknown>;
  /** The one of the bus that it is. */
  readonly service?: () => ServiceProcess | undefined;
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
/** Of what is drawn: longer than a lease and a ping, shorter than a session is kept. */
const MAX_DOWN_MS = 8_000;
const MAX_PAUSE_MS = 8_000;

/** Kills one process after the other, SIGKILL, and starts each again before the next; `pauseMs` apart. */
export function startKills(cluster: KilledCluster, pauseMs: number): Kills {
  const victims = victimsOf(cluster);
  return startTurns((turn) => ({ victim: victims[turn % victims.length], downMs: DOWN_MS, pauseMs }));
}

/**
 * As {@link startKills}, but who dies, for how long, and when the next one does, is drawn with this seed; now and then a process is
 * frozen instead. The first Shield and the first Brain live all the time, so that what they hold can be measured.
 */
export function startNemesis(cluster: KilledCluster, seed: number): Kills {
  const random = new SeededRandom(seed);
  const lasting = [cluster.shields[0], cluster.brains[0]];
  const victims = victimsOf(cluster).filter(({ service }) => service === undefined || !lasting.includes(service()));
  const frozen = [0, 1].flatMap((n) => [
    freezing('Shield, frozen', () => cluster.shields[n]),
    freezing('Brain, frozen', () => cluster.brains[n]),
  ]);
  return startTurns(() => ({
    victim: random.below(4) === 0 ? random.pick(frozen) : random.pick(victims),
    downMs: 100 + random.below(MAX_DOWN_MS),
    pauseMs: 1_000 + random.below(MAX_PAUSE_MS),
  }));
}

/** It stands still for a while, and goes on where it was. */
function freezing(name: string, service: () => ServiceProcess | undefined): Victim {
  return {
    name,
    kill: async () => service()?.signal('SIGSTOP'),
    start: async () => service()?.signal('SIGCONT'),
  };
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
  return startTurns((turn) => {
    cluster.turnTo(turn);
    return { victim: victims[turn % victims.length], downMs: 0, pauseMs };
  });
}

/** Reloads what stands before the Shields, again and again. */
export function startReloads(reload: () => void, pauseMs: number): Kills {
  const victim = { name: 'HAProxy', kill: async () => reload(), start: async () => undefined };
  return startTurns(() => ({ victim, downMs: 0, pauseMs }));
}

/** Who dies, for how long, and how long nobody does after it. */
interface Turn {
  readonly victim: Victim | undefined;
  readonly downMs: number;
  readonly pauseMs: number;
}

function startTurns(pick: (turn: number) => Turn): Kills {
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
      const { victim, downMs, pauseMs } = pick(turn);
      if (victim === undefined) return;
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
    service: () => cluster.shields[number],
  });
  const brain = (number: number): Victim => ({
    name: 'Brain',
    kill: async () => cluster.brains[number]?.kill(),
    start: () => cluster.startBrain(number),
    service: () => cluster.brains[number],
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

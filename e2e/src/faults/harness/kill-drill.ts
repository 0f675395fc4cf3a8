import { randomBytes } from 'node:crypto';
import { createDevelopmentIssuer } from '@arqonbus/auth';
import { SHIPPED_RULES } from '@arqonbus/config';
import {
  checkHistory,
  shippedValkeyUsers,
  startCluster,
  startHaproxy,
  startValkeyServer,
  waitUntil,
} from '@arqonbus/testkit';
import type { Cluster, Invariant, ValkeyServer } from '@arqonbus/testkit';
import type { PreviousRelease } from '../../harness/previous-release.ts';
import { roomyLimits } from '../../harness/roomy-limits.ts';
import { developmentSettings, programs } from '../../harness/start-cluster-servers.ts';
import { Recorder } from '../../recording/recorder.ts';
import { startBalancer } from './balancer.ts';
import type { Balancer } from './balancer.ts';
import { idOf, openCrowd } from './drill-crowd.ts';
import type { Crowd } from './drill-crowd.ts';
import { startKills, startNemesis, startReloads, startReplacements } from './drill-kills.ts';
import type { KilledCluster, Kills } from './drill-kills.ts';

/** How large a drill is. */
export interface DrillSize {
  readonly clients: number;
  readonly rooms: number;
  readonly publicationsPerSecond: number;
  /** Longer where a slow machine has not killed enough by then. */
  readonly seconds: number;
  readonly kills: number;
  readonly pauseBetweenKillsMs: number;
  /** Where channels are kept. In Valkey each restart of it is another epoch, so that holes are told (LOG-6). Default: JetStream. */
  readonly log?: 'jetstream' | 'valkey';
  /** The window of a Shield's drain; where it is given, Shields and Brains are replaced in good order and none is killed. */
  readonly drainMs?: number;
  /** With `drainMs`: the release that is there at first. Each process becomes one of today, and then one of that release again. */
  readonly from?: PreviousRelease;
  /** Of chance: who dies or is frozen when, and for how long, is drawn with it. Default: all in turn. */
  readonly seed?: number;
  /** Nobody dies: the HAProxy before the Shields is reloaded, and ends what the old process still has this much later. */
  readonly reloadedWithinMs?: number;
}

/** What came of a drill. */
export interface DrillResult {
  readonly killed: readonly string[];
  /** How long it was published. */
  readonly seconds: number;
  readonly published: number;
  readonly acknowledged: number;
  /** Clients that are not who they were at first: their sessions were not resumed. */
  readonly strangers: number;
  /** Refused, or with an outcome that nobody knows: the publisher was told so. */
  readonly notAcknowledged: number;
  readonly delivered: number;
  /** Times that a client was told of a hole. */
  readonly signals: number;
  readonly broken: Readonly<Record<Invariant, number>>;
  readonly ghosts: number;
  /** There, and not shown. */
  readonly unseen: number;
  /** From the last publication to a presence that is true. */
  readonly presenceTrueMs: number;
  readonly reconnectsMs: readonly number[];
  /** Of the first breaches, for people. */
  readonly texts: readonly string[];
}

const HOUR_MS = 3_600_000;
const TICK_MS = 20;
const MAX_STRETCH = 5;
/** An SDK retries for 60 s, and a client may wait for 30 s before it comes back. */
const SETTLE_TIMEOUT_MS = 100_000;
const PRESENCE_TIMEOUT_MS = 15_000;
const PRESENCE_EVERY_MS = 100;

/**
 * Kills or replaces the processes of a cluster of its own, one at a time, under load; judges what clients did and saw. `onCluster` is
 * told of it once everybody is there.
 */
export async function runKillDrill(
  size: DrillSize,
  onCluster: (cluster: Cluster) => void = () => undefined,
): Promise<DrillResult> {
  const secret = randomBytes(32).toString('hex');
  const env = {
    ...developmentSettings(secret),
    ...roomyLimits,
    ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES),
    ARQONBUS_NATS_PING_INTERVAL_MS: '500',
    ...(size.drainMs === undefined ? {} : { ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: String(size.drainMs) }),
  };
  const issuer = createDevelopmentIssuer({ secret, now: Date.now });
  const valkey = size.log === 'valkey' ? await openValkey() : undefined;
  // Read whenever a process starts. The tables are those of today.
  const running = { ...programs, ...servicesOf(size.from) };
  const cluster = await startCluster({
    programs: running,
    env: { ...env, ...valkey?.env },
    ...(size.from === undefined ? {} : { known: size.from.known }),
  });
  const { balancer, reload } = await openBalancer(size, cluster);
  const recorder = new Recorder(() => performance.now());
  try {
    const token = (tenant: string, user: string): Promise<string> =>
      issuer.issue({ tenant, user, role: 'user', ttlMs: HOUR_MS });
    const crowd = await openCrowd({ ...size, port: balancer.port, recorder, token });
    try {
      onCluster(cluster);
      const turnTo = (turn: number): void =>
        void Object.assign(running, turn % 8 < 4 ? servicesOf({ programs }) : servicesOf(size.from));
      return await drill(size, { ...cluster, valkey: valkey?.server, turnTo, reload }, crowd, recorder);
    } finally {
      await crowd.close();
    }
  } finally {
    await balancer.stop();
    await cluster.kill();
    await valkey?.server.stop();
  }
}

async function openBalancer({ reloadedWithinMs }: DrillSize, cluster: Cluster): Promise<OpenBalancer> {
  if (reloadedWithinMs === undefined) {
    return { balancer: await startBalancer(() => portsOf(cluster), true), reload: undefined };
  }
  const haproxy = await startHaproxy({ targetPorts: portsOf(cluster), stopAfterMs: reloadedWithinMs });
  return { balancer: haproxy, reload: haproxy.reload };
}

interface OpenBalancer extends Pick<KilledCluster, 'reload'> {
  readonly balancer: Pick<Balancer, 'port' | 'stop'>;
}

/** What starts the services of a release; nothing where there is none. */
function servicesOf(release: Pick<PreviousRelease, 'programs'> | undefined): object {
  return release === undefined ? {} : { shield: release.programs.shield, brain: release.programs.brain };
}

/** One that loses nothing when it is killed, with the shipped users. */
async function openValkey(): Promise<{
  readonly server: ValkeyServer;
  readonly env: Readonly<Record<string, string>>;
}> {
  const { users, env } = shippedValkeyUsers();
  const server = await startValkeyServer({ users, persistent: true });
  return { server, env: { ...env, ARQONBUS_LOG_BACKEND: 'valkey', ARQONBUS_VALKEY_URL: server.url } };
}

/** Of the Shields that take clients; one that starts again gets another port. */
function portsOf({ shields }: Cluster): readonly number[] {
  return shields.flatMap((shield) => {
    const { ws_url: url } = shield.addresses();
    return url === undefined ? [] : [Number(new URL(url).port)];
  });
}

async function drill(size: DrillSize, cluster: KilledCluster, crowd: Crowd, recorder: Recorder): Promise<DrillResult> {
  const kills = startFaults(size, cluster);
  const seconds = await publishUntilKilled(size, crowd, kills);
  await kills.stop();
  await waitUntil(() => isSettled(crowd), { what: 'every client to be back', timeoutMs: SETTLE_TIMEOUT_MS });
  const endedAt = performance.now();
  const presence = await untilPresenceIsTrue(crowd);
  const presenceTrueMs = performance.now() - endedAt;
  await sayLast(crowd, recorder);
  const strangers = crowd.clients.filter(({ sdk, firstId }) => idOf(sdk) !== firstId).length;
  return judge(
    { killed: kills.killed, seconds, presenceTrueMs, ...presence, reconnectsMs: crowd.reconnectsMs, strangers },
    recorder,
  );
}

function startFaults({ seed, drainMs, pauseBetweenKillsMs }: DrillSize, cluster: KilledCluster): Kills {
  if (seed !== undefined) return startNemesis(cluster, seed);
  if (cluster.reload !== undefined) return startReloads(cluster.reload, pauseBetweenKillsMs);
  return (drainMs === undefined ? startKills : startReplacements)(cluster, pauseBetweenKillsMs);
}

/** At an even pace, whatever becomes of them: who is not connected publishes once it is. Gives how long it took. */
function publishUntilKilled(size: DrillSize, { clients }: Crowd, { killed }: Kills): Promise<number> {
  const startedAt = performance.now();
  let published = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const seconds = (performance.now() - startedAt) / 1_000;
      for (const due = seconds * size.publicationsPerSecond; published < due; published++) {
        const client = clients[(published * 7) % clients.length];
        client?.recorded.publish(client.channel, true);
      }
      const isOver = seconds >= size.seconds && killed.length >= size.kills;
      if (!isOver && seconds < size.seconds * MAX_STRETCH) return;
      clearInterval(timer);
      resolve(seconds);
    }, TICK_MS);
  });
}

function isSettled({ clients }: Crowd): boolean {
  return clients.every(
    ({ sdk, subscription, recorded }) =>
      sdk.state.kind === 'connected' && subscription.state === 'joined' && recorded.unanswered === 0,
  );
}

/** A last word in every room, heard by all: what was lost before it has been noticed then (LOG-16). */
async function sayLast({ clients }: Crowd, { events }: Recorder): Promise<void> {
  const rooms = new Map(clients.map((client) => [`${client.tenant}/${client.channel}`, client]));
  const before = events.filter(({ kind }) => kind === 'delivered').length;
  for (const client of rooms.values()) client.recorded.publish(client.channel, true);
  const heard = (): number => events.filter(({ kind }) => kind === 'delivered').length - before;
  await waitUntil(() => heard() >= clients.length, { what: 'the last words', timeoutMs: 20_000 });
}

interface PresenceErrors {
  readonly ghosts: number;
  readonly unseen: number;
}

/** What is wrong with presence: nothing before long, or what still is after the time that it has. */
async function untilPresenceIsTrue(crowd: Crowd): Promise<PresenceErrors> {
  const untilMs = performance.now() + PRESENCE_TIMEOUT_MS;
  let why: unknown;
  for (;;) {
    const errors = await comparePresence(crowd).catch((error: unknown) => void (why = error));
    if (errors?.ghosts === 0 && errors.unseen === 0) return errors;
    if (performance.now() > untilMs) {
      if (errors === undefined) process.stdout.write(`presence was not told: ${String(why)}\n`);
      return errors ?? { ghosts: Number.NaN, unseen: Number.NaN };
    }
    await new Promise((resolve) => {
      setTimeout(resolve, PRESENCE_EVERY_MS);
    });
  }
}

async function comparePresence({ clients }: Crowd): Promise<PresenceErrors> {
  const rooms = new Map(clients.map((client) => [`${client.tenant}/${client.channel}`, client]));
  let [ghosts, unseen] = [0, 0];
  for (const { tenant, channel, sdk } of rooms.values()) {
    const [room = '', name = ''] = channel.split(':');
    const { members } = await sdk.command('presence', { room, channel: name, limit: 1_000 });
    const shown = new Set(members.map(({ client_id: id }) => id));
    const there = new Set(
      clients.flatMap((client) =>
        client.tenant === tenant && client.channel === channel ? (idOf(client.sdk) ?? []) : [],
      ),
    );
    ghosts += [...shown].filter((id) => !there.has(id)).length;
    unseen += [...there].filter((id) => !shown.has(id)).length;
  }
  return { ghosts, unseen };
}

type Measured = Pick<
  DrillResult,
  'killed' | 'seconds' | 'presenceTrueMs' | 'ghosts' | 'unseen' | 'reconnectsMs' | 'strangers'
>;

function judge(measured: Measured, { clients, events }: Recorder): DrillResult {
  const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
  const violations = checkHistory({ clients, events });
  const broken: Record<Invariant, number> = {
    'nothing-lost': 0,
    'one-order': 0,
    'no-duplicate': 0,
    'no-foreign-tenant': 0,
    'no-delivery-after-revocation': 0,
    'nothing-refused-delivered': 0,
    'nothing-invented': 0,
  };
  for (const { invariant } of violations) broken[invariant] += 1;
  const [published, acknowledged] = [count('published'), count('acknowledged')];
  return {
    ...measured,
    published,
    acknowledged,
    notAcknowledged: published - acknowledged,
    delivered: count('delivered'),
    signals: count('signalled'),
    broken,
    texts: violations.slice(0, 5).map(({ text }) => text),
  };
}

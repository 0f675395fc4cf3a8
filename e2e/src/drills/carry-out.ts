import type { Drill } from './drill.ts';
import { startDrilledBus } from './drilled-bus.ts';
import type { DrilledBus } from './drilled-bus.ts';
import { startPeople } from './people.ts';
import type { Felt, People } from './people.ts';

/** What came of a drill, in milliseconds since it was harmed, or since it was mended. */
export interface Outcome extends Felt {
  readonly name: string;
  readonly shownAfterMs: number;
  readonly mendedAfterMs: number;
  readonly wellAfterMs: number;
}

const CALM_MS = 2_000;
/** How long an incident lasts before somebody mends it. */
const LASTS_MS = 5_000;
const LOOK_EVERY_MS = 100;
const TIMEOUT_MS = 60_000;

/** Carries a drill out on a cluster of its own, with people at work. */
export async function carryOut(drill: Drill): Promise<Outcome> {
  const prepared = await drill.prepare?.();
  try {
    const bus = await startDrilledBus({ ...drill.env, ...prepared?.env }, prepared?.natsConfig);
    try {
      return await measure(drill, bus, await startPeople(bus, prepared?.ca));
    } finally {
      await bus.kill();
      await bus.balancer.stop();
    }
  } finally {
    await prepared?.stop();
  }
}

async function measure(drill: Drill, bus: DrilledBus, people: People): Promise<Outcome> {
  await until(() => people.isWell(), 'people to be at work');
  await pass(CALM_MS);
  if (await drill.isShown(bus)) throw new Error('It is shown before it has happened.');
  const harmedAt = performance.now();
  const mend = await drill.harm(bus);
  await until(() => drill.isShown(bus), 'the metrics to show it');
  const shownAfterMs = performance.now() - harmedAt;
  await pass(Math.max(0, LASTS_MS - shownAfterMs));
  await mend();
  const mendedAt = performance.now();
  await until(async () => (await people.isWell()) && !(await drill.isShown(bus)), 'everything to be well');
  const wellAfterMs = performance.now() - mendedAt;
  return {
    name: drill.name,
    shownAfterMs,
    mendedAfterMs: mendedAt - harmedAt,
    wellAfterMs,
    ...(await people.finish()),
  };
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await pass(LOOK_EVERY_MS);
  }
}

/** Of a drill time passes, as it does for an operator. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** What came of it, for people. */
export function words(outcome: Outcome): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const refused = Object.entries(outcome.refused).map(
    ([what, codes]) =>
      `${what}: ${Object.entries(codes)
        .map(([code, count]) => `${count} ${code}`)
        .join(', ')}`,
  );
  return [
    `drill ${outcome.name}`,
    `  shown in metrics after ${seconds(outcome.shownAfterMs)}; mended after ${seconds(outcome.mendedAfterMs)}; all well ${seconds(outcome.wellAfterMs)} later`,
    `  publications with a log: ${outcome.acknowledged} acknowledged, ${outcome.wrong} of them lost or doubled, longest wait ${seconds(outcome.longestWaitMs)}`,
    `  connections lost: ${outcome.lostConnections}; refused: ${refused.join('; ') || 'nothing'}`,
    '',
  ].join('\n');
}

import type { FaultRates } from '../spine/faults.ts';
import type { Delays } from '../time/one-way.ts';
import type { SeededRandom } from '@arqonbus/testkit';
import type { Persona } from './simulated-client.ts';

/** What is going to happen, and when: decided by the seed before anything does. */
export interface Plan {
  readonly rates: FaultRates;
  readonly delays: Delays;
  readonly personas: readonly Persona[];
  readonly steps: readonly Step[];
}

/** One thing that happens; `who` is a place in the list of what it is about. */
export type Step = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly who: number; readonly forMs: number }
  | { readonly kind: 'cut'; readonly who: number; readonly forMs: number }
  | { readonly kind: 'cut-all'; readonly forMs: number; readonly losesLog: boolean }
  | { readonly kind: 'step-clock'; readonly who: number; readonly byMs: number }
  | { readonly kind: 'break'; readonly who: number }
  | { readonly kind: 'join' | 'leave'; readonly who: number; readonly channel: string }
  | { readonly kind: 'publish'; readonly who: number; readonly ack: boolean; readonly at: number }
  | { readonly kind: 'ban' }
);

/** Shields and Brains of every run. */
export const PROCESSES: readonly string[] = ['shield-1', 'shield-2', 'brain-1', 'brain-2'];
/** All kinds of channel: with much history, with little, with none. Both tenants have the same names. */
export const CHANNELS: readonly string[] = ['lab:alpha', 'lab:beta', 'hall:brief', 'hall:chat'];
/** Who is banned in every run. */
export const MALLORY = 'mallory@example.com';
/** From here on nothing goes wrong any more and nobody publishes. */
export const CALM_MS = 4_500;

const PEOPLE = 5;
const PUBLICATIONS = 45;

/** Makes a plan. */
export function createPlan(random: SeededRandom): Plan {
  const personas = createPersonas(random);
  const steps = [
    ...personas.flatMap((_, who) => createJoins(who, random)),
    ...createPublications(random),
    ...createFaults(random),
    { kind: 'ban' as const, atMs: random.between(1_500, 3_500) },
  ];
  return {
    rates: createRates(random),
    delays: {
      fromMs: 0.1,
      toMs: random.pick([1, 5, 25]),
      spikes: random.pick([0, 0.01, 0.05]),
      spikeMs: random.pick([50, 200]),
    },
    personas,
    steps,
  };
}

function createPersonas(random: SeededRandom): readonly Persona[] {
  const people = Array.from({ length: PEOPLE }, (_, n): Persona => {
    const tenant = n % 3 === 2 ? 'umbrella' : 'acme';
    const format = random.pick(['json', 'proto'] as const);
    return { name: `client-${n}`, tenant, user: `user-${n}`, role: 'user', echo: random.chance(0.3), format };
  });
  const root: Persona = { name: 'root', tenant: 'acme', user: 'root', role: 'admin', echo: true, format: 'json' };
  const mallory: Persona = { ...root, name: 'mallory', user: MALLORY, role: 'user' };
  const peer: Persona = { ...root, name: 'peer', tenant: 'umbrella', user: 'root' };
  return [root, peer, mallory, ...people];
}

/** Root and its peer are everywhere from the beginning. */
function createJoins(who: number, random: SeededRandom): readonly Step[] {
  return CHANNELS.flatMap((channel): readonly Step[] => {
    if (who < 2) return [{ kind: 'join', who, channel, atMs: 100 }];
    if (random.chance(0.4)) return [];
    const atMs = random.between(100, 2_500);
    if (random.chance(0.75)) return [{ kind: 'join', who, channel, atMs }];
    const leavesAtMs = random.between(atMs, CALM_MS);
    const again: Step = { kind: 'join', who, channel, atMs: random.between(leavesAtMs, CALM_MS) };
    const once: readonly Step[] = [
      { kind: 'join', who, channel, atMs },
      { kind: 'leave', who, channel, atMs: leavesAtMs },
    ];
    return random.chance(0.5) ? [...once, again] : once;
  });
}

function createPublications(random: SeededRandom): readonly Step[] {
  return Array.from({ length: PUBLICATIONS }, () => ({
    kind: 'publish' as const,
    who: random.below(PEOPLE + 3),
    ack: random.chance(0.9),
    at: random.below(1_000),
    atMs: random.between(500, CALM_MS),
  }));
}

function createFaults(random: SeededRandom): readonly Step[] {
  return Array.from({ length: random.below(8) }, () => createFault(random));
}

function createFault(random: SeededRandom): Step {
  const atMs = random.between(500, CALM_MS - 500);
  const who = random.below(PROCESSES.length);
  const forMs = random.between(50, 2_500);
  const dice = random.next();
  if (dice < 0.3) return { kind: 'kill', who, forMs, atMs };
  if (dice < 0.5) return { kind: 'cut', who, forMs, atMs };
  if (dice < 0.6) return { kind: 'cut-all', forMs: random.between(50, 2_000), losesLog: random.chance(0.4), atMs };
  if (dice < 0.75) return { kind: 'step-clock', who, byMs: random.between(-3_600_000, 3_600_000), atMs };
  return { kind: 'break', who: random.below(PEOPLE + 3), atMs };
}

function createRates(random: SeededRandom): FaultRates {
  return {
    losses: random.pick([0, 0.02, 0.1]),
    duplicates: random.pick([0, 0.05]),
    silences: random.pick([0, 0.005, 0.02]),
    refusals: random.pick([0, 0.01]),
  };
}

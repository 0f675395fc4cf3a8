import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ArqonClient } from '@arqonbus/sdk';
import { actingOf, keysOf, publicationsOf } from './acting.ts';
import { agentsOf } from './agents.ts';
import { keptOf } from './kept.ts';
import { patientAsk } from './patient-ask.ts';
import { peopleOf } from './people.ts';
import { placesOf } from './places.ts';
import { remainsOf } from './remains.ts';
import type { Report } from './report.ts';
import { openRolesOf } from './shut-out.ts';
import type { Ask, Step } from './step.ts';
import { walk } from './walk.ts';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 2_000;

/** What is wanted. */
export interface EraseWish {
  readonly isDryRun: boolean;
  readonly banForMs: number;
  /** Users who are not banned. */
  readonly keep: readonly string[];
  /** Users who are banned though nothing on the bus names them. */
  readonly ban: readonly string[];
}

/**
 * Removes everything of the client's tenant that commands can remove, as its administrator. Rejects, before anything is done, where
 * the client is none; what goes wrong afterwards stands in the report.
 */
export async function eraseTenant(client: ArqonClient, wish: EraseWish): Promise<Report> {
  const ask = patientAsk(client, (ms) => delay(ms));
  const { tenant, user } = await client.connect();
  // Whoever may list the bans may do all the rest.
  await ask('op.ban.list', { limit: 1 });
  const pause = (round: number): Promise<void> => delay(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * (round - 1)));
  const tallies = await walk(stepsOf(ask, { tenant, user }, wish), { isDryRun: wish.isDryRun, pause });
  const remains = await remainsOf(ask).catch(() => undefined);
  return { tenant, isDryRun: wish.isDryRun, tallies, remains };
}

/** In an order that nothing which still acts can undo: who comes in, what acts, what was said, what is kept, where it was. */
function stepsOf(
  ask: Ask,
  { tenant, user }: { readonly tenant: string; readonly user: string },
  { banForMs, keep, ban }: EraseWish,
): readonly Step[] {
  return [
    keysOf(ask),
    peopleOf(ask, { self: user, keep, named: ban, banForMs }),
    openRolesOf(ask, Date.now() + banForMs),
    ...actingOf(ask),
    publicationsOf(ask),
    ...keptOf(ask),
    ...agentsOf(ask, tenant, () => `erase-${randomUUID()}`),
    placesOf(ask),
  ];
}

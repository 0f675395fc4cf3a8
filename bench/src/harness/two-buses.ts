import { startEmbeddedBus } from './bus.ts';
import type { Bus } from './bus.ts';
import type { Endpoint } from './endpoint.ts';
import { startClusterBus } from './start-cluster-bus.ts';

/** The bus as a laptop has it and as production does, each with its name in tables. */
export const twoBuses: readonly (readonly [name: string, start: () => Promise<Bus>])[] = [
  ['one process, in memory', () => startEmbeddedBus()],
  ['two Shields, two Brains, Postgres', () => startClusterBus({ shields: 2, brains: 2 })],
];

/** The first and the last Shield, which are the same where there is one. */
export function farthestApart({ endpoints }: Bus): readonly [Endpoint, Endpoint] {
  const [first] = endpoints;
  const last = endpoints.at(-1);
  if (first === undefined || last === undefined) throw new Error('the bus has no Shield');
  return [first, last];
}

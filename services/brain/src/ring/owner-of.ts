import { createHash } from 'node:crypto';

/**
 * Which of these Brains owns a partition, by rendezvous hashing (Thaler and Ravishankar, 1998): every Brain that knows
 * the same others comes to the same answer, and one that comes or goes moves no partition but its own.
 */
export function ownerOf(partition: number, brains: Iterable<string>): string | undefined {
  let owner: string | undefined;
  let best = '';
  for (const brain of brains) {
    const weight = createHash('sha1').update(`${brain}/${partition}`).digest('hex');
    if (owner !== undefined && weight <= best) continue;
    owner = brain;
    best = weight;
  }
  return owner;
}

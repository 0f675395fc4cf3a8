import { stableHash } from './stable-hash.ts';

/**
 * Into how many parts the Brain's work is cut where order matters (04, "Subjects"): each belongs to one replica at a
 * time. More of them than replicas that anybody runs, and few enough that a sign of life for each costs nothing.
 */
export const PARTITIONS = 16;

/** Who owns this one looks after the log as well: copies it to the archive, and erases from it. */
export const LOG_PARTITION = 0;

/** The partition of a room's channels and members. */
export function roomPartition(tenant: string, room: string): number {
  return stableHash(`${tenant}/${room}`) % PARTITIONS;
}

/** The partition of what belongs to a tenant and no room: its connections. */
export function tenantPartition(tenant: string): number {
  return stableHash(tenant) % PARTITIONS;
}

/** Items by the partition that each belongs to, in their order. */
export function byPartition<T>(items: Iterable<T>, partitionOf: (item: T) => number): ReadonlyMap<number, T[]> {
  const partitions = new Map<number, T[]>();
  for (const item of items) {
    const partition = partitionOf(item);
    if (!partitions.get(partition)?.push(item)) partitions.set(partition, [item]);
  }
  return partitions;
}

/** A partition as the last token of a subject. Throws for a number that is none. */
export function partitionToken(partition: number): string {
  if (!Number.isInteger(partition) || partition < 0 || partition >= PARTITIONS) throw new Error('not a partition');
  return String(partition);
}

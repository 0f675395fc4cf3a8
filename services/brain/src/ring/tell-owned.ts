/** What does something for the partitions that its Brain owns. */
export interface Owner {
  /** These are its partitions from now on; the same may be told again. Throws where it cannot begin with one now. */
  own(partitions: ReadonlySet<number>): void;
}

/** Tells all of them, whatever becomes of one; then throws the first error, so that the ring tells again. */
export function tellOwned(owners: readonly Owner[], partitions: ReadonlySet<number>): void {
  const errors = owners.flatMap((owner): unknown[] => {
    try {
      owner.own(partitions);
      return [];
    } catch (error) {
      return [error];
    }
  });
  if (errors.length > 0) throw errors[0];
}

/**
 * Samples every contender once a round, `rounds` times, in turn and back (A B C, C B A, …), so that what else the
 * machine does falls on all alike (BEN-2). Gives the samples by name, in the order of the rounds.
 */
export async function pairedRuns<C extends { readonly name: string }, S>(
  contenders: readonly C[],
  rounds: number,
  sample: (contender: C) => Promise<S>,
): Promise<ReadonlyMap<string, readonly S[]>> {
  const samples = new Map<string, S[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) samples.get(contender.name)?.push(await sample(contender));
  }
  return samples;
}

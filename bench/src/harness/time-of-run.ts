let sink: unknown;

/** Microseconds of one run of something that takes no time to speak of, over about so many ms. */
export function timeOfRun(run: () => unknown, ms: number): number {
  const startedAt = performance.now();
  let count = 0;
  let elapsed = 0;
  while (elapsed < ms) {
    for (let i = 0; i < 50; i += 1) sink = run();
    count += 50;
    elapsed = performance.now() - startedAt;
  }
  // What it gives is looked at, so that nothing is optimised away.
  return sink === run ? Number.NaN : (elapsed * 1_000) / count;
}

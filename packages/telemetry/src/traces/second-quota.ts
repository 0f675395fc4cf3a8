/** Says yes so many times in a second of the clock, which is monotonic. */
export function createSecondQuota(
  perSecond: number,
  monotonicMs: () => number = () => performance.now(),
): () => boolean {
  let second = Number.NEGATIVE_INFINITY;
  let used = 0;
  return () => {
    const now = Math.floor(monotonicMs() / 1_000);
    if (now !== second) {
      second = now;
      used = 0;
    }
    used += 1;
    return used <= perSecond;
  };
}

/** The rhythm of a load, not a wait for anything; a moment that is past is none. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
}

const LOOK_EVERY_MS = 2;

/** Resolves with true once this holds, and with false where it does not in time. */
export function waitUntil(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  return new Promise((resolve) => {
    const look = (): void => {
      const holds = isTrue();
      if (holds || performance.now() > deadline) resolve(holds);
      else setTimeout(look, LOOK_EVERY_MS);
    };
    look();
  });
}

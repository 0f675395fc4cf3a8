/** Drains at the first SIGINT or SIGTERM and ends with 0, or 1 where draining failed; a second signal does not wait. */
export function endOnSignal(drain: () => Promise<void>): void {
  const end = (): void => {
    process.removeListener('SIGINT', end).removeListener('SIGTERM', end);
    drain().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGINT', end).once('SIGTERM', end);
}

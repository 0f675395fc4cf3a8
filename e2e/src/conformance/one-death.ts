/** Something that happens once, for everybody who waits for it. */
export interface OneDeath {
  /** Says that this one has come so far, and waits until it has happened. */
  arrive(): Promise<void>;
  /** One of them comes no more. */
  leave(): void;
}

/** Acts once so many have arrived. */
export function oneDeath(expected: number, act: () => Promise<void>): OneDeath {
  let missing = expected;
  let happen: (() => void) | undefined;
  const happened = new Promise<void>((resolve) => (happen = resolve)).then(act);
  const count = (): void => {
    missing -= 1;
    if (missing === 0) happen?.();
  };
  return {
    arrive: () => {
      count();
      return happened;
    },
    leave: count,
  };
}

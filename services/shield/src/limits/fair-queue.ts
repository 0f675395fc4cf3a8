/** Who waits, by address. Addresses are served in turn, whoever of one came first before the others of it. */
export interface FairQueue {
  /** Resolves to true when it is served, to false when it has waited for too long or had to make room; undefined = there is no room. */
  wait(ip: string): Promise<boolean> | undefined;
  /** Serves the next one. Nothing happens where nobody waits. */
  serve(): void;
  size(): number;
}

interface Waiting {
  readonly resolve: (isIn: boolean) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A queue of so many that wait for so long at most. Where it is full, whoever comes takes the place of the last one of the address
 * that has most waiting, if that still has more than the newcomer's own: so who fills it from many connections is in the way
 * of itself (fair queueing; Demers, Keshav, Shenker 1989).
 */
export function createFairQueue(maxWaiting: number, maxMs: number): FairQueue {
  /** In the order of their turns; none is empty. */
  const lines = new Map<string, Waiting[]>();
  let size = 0;

  const leave = (ip: string, one: Waiting, isIn: boolean): void => {
    const line = lines.get(ip);
    const at = line?.indexOf(one) ?? -1;
    if (line === undefined || at < 0) return;
    line.splice(at, 1);
    if (line.length === 0) lines.delete(ip);
    size -= 1;
    clearTimeout(one.timer);
    one.resolve(isIn);
  };
  const makeRoom = (ip: string): boolean => {
    let longest = ip;
    let most = (lines.get(ip)?.length ?? 0) + 1;
    for (const [other, { length }] of lines) if (length > most) [longest, most] = [other, length];
    const last = longest === ip ? undefined : lines.get(longest)?.at(-1);
    if (last !== undefined) leave(longest, last, false);
    return last !== undefined;
  };
  return {
    wait: (ip) => {
      if (size >= maxWaiting && !makeRoom(ip)) return undefined;
      return new Promise((resolve) => {
        const one: Waiting = { resolve, timer: setTimeout(() => leave(ip, one, false), maxMs) };
        const line = lines.get(ip);
        if (line === undefined) lines.set(ip, [one]);
        else line.push(one);
        size += 1;
      });
    },
    serve: () => {
      const [first] = lines;
      if (first === undefined) return;
      const [ip, line] = first;
      const [one] = line;
      // Its next turn comes after that of all the others.
      lines.delete(ip);
      lines.set(ip, line);
      if (one !== undefined) leave(ip, one, true);
    },
    size: () => size,
  };
}

/** The header of a request that carries its deadline. */
export const DEADLINE_HEADER = 'Arqon-Deadline';

/** What a request says of its deadline, in spans and by the sender's own monotonic clock: no two clocks need agree. */
export interface DeadlineHeader {
  /** Milliseconds that the sender still waited when it sent the request. */
  readonly leftMs: number;
  /** When that was, by its monotonic clock. */
  readonly sentMs: number;
  /** Whose clock it is: a connection's random id. */
  readonly sender: string;
}

/** The header's value. */
export function formatDeadline({ leftMs, sentMs, sender }: DeadlineHeader): string {
  return `${Math.round(leftMs)} ${Math.round(sentMs)} ${sender}`;
}

/** Reads the header's value; throws for what no sender of ours writes (SPN-3). */
export function parseDeadline(value: string): DeadlineHeader {
  const [, leftMs, sentMs, sender] = /^(\d{1,9}) (\d{1,15}) ([\w-]{1,32})$/.exec(value) ?? [];
  if (sender === undefined) throw new Error('a request whose deadline cannot be read');
  return { leftMs: Number(leftMs), sentMs: Number(sentMs), sender };
}

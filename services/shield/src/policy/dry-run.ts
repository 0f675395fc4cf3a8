import type { ChainLink, PolicyMessage, PolicyOutcome } from '@arqonbus/policy';
import type { PolicyDryRun } from '@arqonbus/protocol/spine-messages';

type Judge = NonNullable<ChainLink['instance']>;

/** Where two versions said something else. Holds nothing of what was written. */
export interface PolicyDifference {
  readonly atMs: number;
  readonly room: string;
  readonly channel: string;
  /** What the version in force said, and what the other one would have. */
  readonly bound: string;
  readonly candidate: string;
}

/** A version that is tried on live messages beside the one in force; it changes nothing. */
export interface DryRun {
  readonly version: number;
  readonly untilMs: number;
  /** Messages that both have judged at this Shield. */
  compared(): number;
  different(): number;
  /** The first of them. */
  differences(): readonly PolicyDifference[];
  /** What judges as `bound` does, and lets the other version judge the same. */
  beside(bound: Judge): Judge;
}

const MAX_DIFFERENCES = 100;

/** A trial of `candidate`. */
export function createDryRun(
  { version, untilMs }: Pick<PolicyDryRun, 'version' | 'untilMs'>,
  candidate: Judge,
  now: () => number,
): DryRun {
  let compared = 0;
  let different = 0;
  const differences: PolicyDifference[] = [];
  const compare = (message: PolicyMessage, fuel: number, said: PolicyOutcome): void => {
    compared += 1;
    const [bound, other] = [told(said), told(candidate.check(new SilentMessage(message), fuel))];
    if (bound.text === other.text && isSame(bound.payload, other.payload)) return;
    different += 1;
    if (differences.length >= MAX_DIFFERENCES) return;
    const [room, channel] = [message.context('room') ?? '', message.context('channel') ?? ''];
    differences.push({ atMs: now(), room, channel, bound: bound.text, candidate: other.text });
  };
  return {
    version,
    untilMs: Number(untilMs),
    compared: () => compared,
    different: () => different,
    differences: () => differences,
    beside: (bound) => ({
      check: (message, fuel) => {
        const outcome = bound.check(message, fuel);
        if (now() < Number(untilMs)) compare(message, fuel, outcome);
        return outcome;
      },
    }),
  };
}

/** A message of which nothing is logged: nobody asked for what a trial has to say. */
class SilentMessage implements PolicyMessage {
  readonly #message: PolicyMessage;

  constructor(message: PolicyMessage) {
    this.#message = message;
  }

  get payload(): Uint8Array {
    return this.#message.payload;
  }

  header(name: string): string | undefined {
    return this.#message.header(name);
  }

  claim(name: string): string | undefined {
    return this.#message.claim(name);
  }

  context(field: string): string | undefined {
    return this.#message.context(field);
  }

  log(): void {
    // See above.
  }
}

interface Told {
  readonly text: string;
  readonly payload: Uint8Array | undefined;
}

function told(outcome: PolicyOutcome): Told {
  if (outcome.kind === 'fault') return { text: `fault ${outcome.fault}`, payload: undefined };
  if (outcome.kind === 'reject') return { text: `reject ${outcome.code}`, payload: undefined };
  const headers = outcome.headers.length === 0 ? '' : ` with ${outcome.headers.map(([name]) => name).join(', ')}`;
  return { text: (outcome.payload === undefined ? 'allow' : 'change') + headers, payload: outcome.payload };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

import type { FollowedClient } from './followed-client.ts';
import { countCodes } from './load.ts';
import type { Outcome } from './load.ts';

/** Somebody who joins a channel and leaves it again, and so on. */
export interface Churner {
  readonly client: FollowedClient;
  readonly target: { readonly room: string; readonly channel: string };
}

/** What became of the changes that were due. */
export interface ChurnResult {
  /** Changes that were due by the clock. */
  readonly offered: number;
  /** How often each code came; `lost` = the connection ended before the answer. */
  readonly codes: Readonly<Record<string, number>>;
  /** Answered `ok` by a second after they were due. */
  readonly inTime: number;
  /** Each as it was due: what had to wait for the answer to the one before counts from then. */
  readonly outcomes: readonly Outcome[];
}

/** Changes at a fixed rate, however they are answered. */
export interface PacedChurn {
  readonly offered: () => number;
  readonly answered: () => number;
  /** Ends it; when all that was due is answered, brings those in or out for whom `isIn` says so. */
  stop(isIn: (n: number) => boolean): Promise<ChurnResult>;
}

const TICK_MS = 5;
const IN_TIME_MS = 1_000;

/** Makes `perSecond` changes a second, of one churner after the other that is still connected; what is refused is tried at its next turn. */
export function startPacedChurn(churners: readonly Churner[], perSecond: number): PacedChurn {
  const outcomes: Outcome[] = [];
  const lanes = churners.map((churner) => createLane(churner, outcomes));
  const startedAt = performance.now();
  let offered = 0;
  let turn = 0;
  const timer = setInterval(() => {
    const open = lanes.filter(({ isOpen }) => isOpen());
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond);
    // Due at its own time, also where this turn comes late.
    for (; offered < due; offered++)
      open[turn++ % open.length]?.add(offered, startedAt + (offered * 1_000) / perSecond);
  }, TICK_MS);
  return {
    offered: () => offered,
    answered: () => outcomes.length,
    stop: async (isIn) => {
      clearInterval(timer);
      await Promise.all(lanes.map((lane) => lane.end()));
      const result = { offered, outcomes: [...outcomes], codes: countCodes(outcomes) };
      await Promise.all(lanes.map((lane, n) => lane.bring(isIn(n))));
      const isInTime = ({ code, tookMs }: Outcome): boolean => code === 'ok' && tookMs <= IN_TIME_MS;
      return { ...result, inTime: result.outcomes.filter(isInTime).length };
    },
  };
}

/** The changes of one churner, one after the other. */
interface Lane {
  isOpen(): boolean;
  add(n: number, dueAt: number): void;
  end(): Promise<void>;
  /** Tries until it is so; not where the connection has ended. */
  bring(isIn: boolean): Promise<void>;
}

function createLane({ client, target }: Churner, outcomes: Outcome[]): Lane {
  let last = Promise.resolve();
  let isIn = false;
  const change = async (): Promise<string> => {
    if (client.isClosed()) return 'lost';
    const code = await client.command(isIn ? 'leave_channel' : 'join_channel', target).then(
      (answer) => answer.code,
      () => 'lost',
    );
    if (code === 'ok') isIn = !isIn;
    return code;
  };
  return {
    isOpen: () => !client.isClosed(),
    add: (n, dueAt) => {
      last = last.then(async () => {
        const code = await change();
        outcomes.push({ n, code, sentAt: dueAt, tookMs: performance.now() - dueAt });
      });
    },
    end: () => last,
    bring: async (wanted) => {
      while (isIn !== wanted && !client.isClosed()) await change();
    },
  };
}

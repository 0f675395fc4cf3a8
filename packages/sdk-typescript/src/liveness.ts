import type { Clock, Timer } from './clock.ts';

/** The least that a server may set; a hostile one cannot make the client ping without pause. */
const MIN_INTERVAL_MS = 5_000;

/** The most that a server may set: beyond some weeks a platform's timer would fire at once. */
const MAX_INTERVAL_MS = 300_000;

/** How long a connection that is in doubt may be silent, at most. */
export const DOUBT_TIMEOUT_MS = 5_000;

/** A timer that fires this much later than asked shows that the process slept, or that the page was throttled. */
export const LATE_MS = 2_000;

/** What the watch does to the connection. */
export interface WatchedConnection {
  /** Asks the server for a sign of life; resolves when it has answered. */
  ping(timeoutMs: number): Promise<unknown>;
  /** Gives the connection up. */
  drop(): void;
}

/**
 * Notices a connection that has gone silent: browsers do not show the server's pings, and a dead network says nothing.
 * Pings when a whole heartbeat has passed without any frame, and drops the connection when nothing at all came by the
 * time that the answer is due. A timer that was late proves nothing about the connection: then it pings first.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #connection: WatchedConnection;
  readonly #timeoutMs: number;
  #heardAtMs = 0;
  #watchTimer: Timer | undefined;
  #check: Check | undefined;

  /** `timeoutMs`: how long an answer may take. */
  constructor(clock: Clock, connection: WatchedConnection, timeoutMs: number) {
    this.#clock = clock;
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** Begins to watch a new connection. */
  start(heartbeatMs: number): void {
    this.stop();
    this.#heardAtMs = this.#clock.now();
    const intervalMs = Math.min(Math.max(heartbeatMs, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
    this.#watch(intervalMs, intervalMs);
  }

  /** Notes that a frame came. */
  onFrame(): void {
    this.#heardAtMs = this.#clock.now();
    if (this.#check !== undefined) this.#check.hasHeard = true;
  }

  /** There is reason to doubt the connection: pings at once, with a short timeout. Does nothing when none is watched. */
  doubt(): void {
    if (this.#watchTimer !== undefined) this.#ask(Math.min(this.#timeoutMs, DOUBT_TIMEOUT_MS));
  }

  /** Ends the watch. */
  stop(): void {
    this.#watchTimer?.cancel();
    this.#watchTimer = undefined;
    this.#endCheck();
  }

  #watch(intervalMs: number, inMs: number): void {
    const dueMs = this.#clock.now() + inMs;
    this.#watchTimer = this.#clock.setTimer(() => {
      const nowMs = this.#clock.now();
      // A clock that was set back knows of no silence.
      this.#heardAtMs = Math.min(this.#heardAtMs, nowMs);
      const silentMs = nowMs - this.#heardAtMs;
      const isSilent = silentMs >= intervalMs;
      this.#watch(intervalMs, isSilent ? intervalMs : intervalMs - silentMs);
      if (this.#isLate(dueMs)) this.doubt();
      else if (isSilent) this.#ask(this.#timeoutMs);
    }, inMs);
  }

  /** Pings, unless an answer is due as soon already. */
  #ask(timeoutMs: number): void {
    const dueMs = this.#clock.now() + timeoutMs;
    if (this.#check !== undefined && this.#check.dueMs <= dueMs) return;
    this.#endCheck();
    const check: Check = {
      dueMs,
      hasHeard: false,
      timer: this.#clock.setTimer(() => this.#judge(check), timeoutMs),
    };
    this.#check = check;
    const onAnswer = (): void => {
      if (this.#check === check) this.#endCheck();
    };
    // A ping that was refused or could not be sent proves nothing; the timer judges.
    this.#connection.ping(timeoutMs).then(onAnswer, () => undefined);
  }

  /** No answer in time. Frames may still come over a slow link, and the answer may wait behind them. */
  #judge(check: Check): void {
    this.#endCheck();
    if (check.hasHeard || this.#isLate(check.dueMs)) this.doubt();
    else this.#connection.drop();
  }

  #endCheck(): void {
    this.#check?.timer.cancel();
    this.#check = undefined;
  }

  #isLate(dueMs: number): boolean {
    return this.#clock.now() - dueMs >= LATE_MS;
  }
}

/** A ping that waits for its answer. */
interface Check {
  readonly dueMs: number;
  readonly timer: Timer;
  hasHeard: boolean;
}

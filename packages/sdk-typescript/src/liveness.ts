import type { Clock, Timer } from './clock.ts';

/** The least that a server may set; a hostile one cannot make the client ping without pause. */
const MIN_INTERVAL_MS = 5_000;

/**
 * Notices a connection that has gone silent: browsers do not show the server's pings, and a dead network says nothing.
 * Calls `ping` when a whole heartbeat has passed without any frame; `ping` asks the server something, and drops the
 * connection when no answer comes.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #ping: () => void;
  #hasHeard = false;
  #timer: Timer | undefined;

  constructor(clock: Clock, ping: () => void) {
    this.#clock = clock;
    this.#ping = ping;
  }

  /** Begins to watch a new connection. */
  start(heartbeatMs: number): void {
    this.stop();
    this.#hasHeard = false;
    this.#watch(Math.max(heartbeatMs, MIN_INTERVAL_MS));
  }

  /** Notes that a frame came. */
  onFrame(): void {
    this.#hasHeard = true;
  }

  /** Ends the watch. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #watch(intervalMs: number): void {
    this.#timer = this.#clock.setTimer(() => {
      if (!this.#hasHeard) this.#ping();
      this.#hasHeard = false;
      if (this.#timer !== undefined) this.#watch(intervalMs);
    }, intervalMs);
  }
}

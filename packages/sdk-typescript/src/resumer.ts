import { BusError, errorTable } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { backoffDelay } from './backoff.ts';
import { retryAfterMs } from './close-error.ts';
import type { Clock, Timer } from './clock.ts';
import type { Welcome } from './welcome.ts';

/** What the server said of the channels of a session that was resumed. */
export type ResumedChannels = CommandResult<'resume'>['channels'];

/** What a client has set of itself. */
export type Shown = Pick<CommandArgs<'set_status'>, 'status' | 'meta'>;

/** What the resumer needs of the client. */
export interface ResumerSettings {
  readonly clock: Clock;
  readonly random: () => number;
  resume(args: CommandArgs<'resume'>): Promise<CommandResult<'resume'>>;
  /** The channels of the session, as they are now. */
  channels(): CommandArgs<'resume'>['channels'];
  /** Shows what the client has set of itself once more: the connection is another client, of which nobody knows. */
  showAgain(shown: Shown): void;
  /** It is known who this connection is: as whom it was welcomed, or whom it has resumed, in which channels. */
  onSettled(welcome: Welcome, channels: ResumedChannels): void;
}

/** A crashed Brain is replaced within four seconds; joining afresh works without one. */
const MAX_TRIES = 3;

/**
 * Goes on as the client of the connection before, on each new one (PRT-7). Where that cannot be, the connection is a new
 * client, and its channels are joined again from their positions: nothing is lost but the client id.
 */
export class Resumer {
  readonly #settings: ResumerSettings;
  /** Of the session that is to be resumed; empty = none. */
  #token = '';
  #shown: Shown = {};
  #settled: Promise<void> | undefined;
  #settle: (() => void) | undefined;
  #timer: Timer | undefined;
  /** Counts the connections: what belongs to an older one stops. */
  #generation = 0;

  constructor(settings: ResumerSettings) {
    this.#settings = settings;
  }

  /** True until it is known who the connection is: what it sends comes from nobody yet. */
  get isRunning(): boolean {
    return this.#settled !== undefined;
  }

  /** Resolves when it is known, or the connection is lost. */
  whenSettled(): Promise<void> {
    return this.#settled ?? Promise.resolve();
  }

  /** A connection is open. The first one is settled at once. */
  start(welcome: Welcome): void {
    this.stop();
    if (this.#token === '' || welcome.resumeToken === '') {
      this.#endAfresh(welcome);
      return;
    }
    this.#settled = new Promise((resolve) => (this.#settle = resolve));
    void this.#run(welcome, this.#generation);
  }

  /** The connection is lost. */
  stop(): void {
    this.#generation += 1;
    this.#timer?.cancel();
    this.#release();
  }

  /** The client is closed: the next connection is another session. */
  forget(): void {
    this.stop();
    this.#token = '';
    this.#shown = {};
  }

  /** Remembers what the client shows of itself, which a resumed session shows again. */
  noteShown({ status, meta }: Shown): void {
    const next = {
      ...this.#shown,
      ...(status === undefined ? {} : { status }),
      ...(meta === undefined ? {} : { meta }),
    };
    this.#shown = next;
  }

  async #run(welcome: Welcome, generation: number): Promise<void> {
    for (let tries = 1; generation === this.#generation; tries++) {
      try {
        const args = { resume_token: this.#token, channels: this.#settings.channels(), ...this.#shown };
        const { client_id: clientId, resume_token: resumeToken, channels } = await this.#settings.resume(args);
        if (generation === this.#generation) this.#end({ ...welcome, clientId, resumeToken }, channels);
        return;
      } catch (thrown) {
        if (generation !== this.#generation) return;
        if (!(thrown instanceof BusError) || !errorTable[thrown.code].isRetryable || tries === MAX_TRIES) {
          this.#endAfresh(welcome);
          return;
        }
        await this.#wait(backoffDelay(tries, retryAfterMs(thrown), this.#settings.random));
      }
    }
  }

  /** Ends with the wait, or never where the connection is lost meanwhile. */
  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = this.#settings.clock.setTimer(resolve, ms);
    });
  }

  /** Before the joins, so that it is there when the channels see the client come. */
  #endAfresh(welcome: Welcome): void {
    if (Object.keys(this.#shown).length > 0) this.#settings.showAgain(this.#shown);
    this.#end(welcome, []);
  }

  #end(welcome: Welcome, channels: ResumedChannels): void {
    this.#token = welcome.resumeToken;
    const settle = this.#settle;
    [this.#settled, this.#settle] = [undefined, undefined];
    this.#settings.onSettled(welcome, channels);
    settle?.();
  }

  #release(): void {
    this.#settle?.();
    [this.#settled, this.#settle] = [undefined, undefined];
  }
}

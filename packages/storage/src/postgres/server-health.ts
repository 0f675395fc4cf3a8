import { BusError } from '@arqonbus/protocol';
import { createCircuit } from '../circuit/circuit.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { DatabaseStatus, Sql } from '../database.ts';
import { kindOfFailure } from './failure.ts';
import type { FailureKind } from './failure.ts';
import type { PostgresOptions } from './postgres-options.ts';
import { askServer } from './probe.ts';
import type { ServerPools } from './server-pools.ts';

/** What of the servers their health is told by. */
type Servers = Pick<ServerPools, 'servers' | 'run' | 'moveOn'>;

interface Found {
  readonly status: DatabaseStatus;
  readonly cause?: unknown;
}

const MAX_FAILURES = 3;

/**
 * Whether the server can be used. A probe tells, and three failures of a connection in a row before it does; while it cannot
 * be used, only probes go there (BRN-2). One that is gone or takes no writes is left for another one, where there is one.
 */
export class ServerHealth {
  readonly #pools: Servers;
  readonly #options: Pick<PostgresOptions, 'onStatus' | 'onEnded'>;
  readonly #monotonicMs: () => number;
  readonly #circuit: Circuit;
  #status: DatabaseStatus = 'starting';
  #probing: Promise<void> | undefined;

  constructor(pools: Servers, options: PostgresOptions) {
    this.#pools = pools;
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#circuit = createCircuit({
      maxFailures: MAX_FAILURES,
      // No pause: probes have a pace of their own.
      openMs: 0,
      monotonicMs: this.#monotonicMs,
      onOpen: () => this.#set('unreachable'),
    });
  }

  get status(): DatabaseStatus {
    return this.#status;
  }

  /** Resolves when the probe that runs now has ended, if one does. */
  async settled(): Promise<void> {
    await this.#probing;
  }

  /** Runs what callers ask for; refuses with `UNAVAILABLE` while the server cannot be used. */
  async call<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    if (this.#status === 'starting') await this.probe();
    if (this.#status !== 'ok' || !this.#circuit.mayCall()) throw new BusError('UNAVAILABLE');
    return this.#observe(work);
  }

  /** Asks the server how it is. Who asks while a probe runs waits for that one. */
  probe(): Promise<void> {
    this.#probing ??= this.#ask().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #ask(): Promise<void> {
    const { servers } = this.#pools;
    let found: Found | undefined;
    for (let asked = 0; asked < servers && this.#circuit.mayCall(); asked += 1) {
      found = await this.#askOne();
      const isElsewhere = found.status === 'read_only' || (found.status === 'unreachable' && servers > 1);
      if (!isElsewhere) break;
      this.#pools.moveOn();
    }
    if (found !== undefined) this.#set(found.status, found.cause);
  }

  async #askOne(): Promise<Found> {
    try {
      return { status: await this.#observe(askServer) };
    } catch (cause) {
      return { status: 'unreachable', cause };
    }
  }

  async #observe<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const startedMs = this.#monotonicMs();
    let failure: FailureKind | undefined;
    try {
      return await this.#pools.run(work);
    } catch (error) {
      if (!(error instanceof BusError)) failure = kindOfFailure(error);
      throw error;
    } finally {
      if (failure === 'connection') this.#circuit.failed();
      else this.#circuit.succeeded();
      this.#options.onEnded?.(this.#monotonicMs() - startedMs, failure);
    }
  }

  #set(status: DatabaseStatus, cause?: unknown): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#options.onStatus?.(status, cause);
  }
}

import { BusError } from '@arqonbus/protocol';
import { createCircuit } from '../circuit/circuit.ts';
import type { Circuit } from '../circuit/circuit.ts';
import { createValkeyClient } from './valkey-client.ts';
import type { ValkeyAddress, ValkeyClient } from './valkey-client.ts';
import type { ValkeyScript } from './valkey-script.ts';

/** Why a call of Valkey has failed. */
export type ValkeyFailure = 'disconnected' | 'circuit_open' | 'busy' | 'refused' | 'timeout';

/** Who wants to know how calls end; each is told once. */
export interface ValkeyObserver {
  onAnswered(durationMs: number): void;
  onFailed(reason: ValkeyFailure): void;
}

/** What a link is made of. */
export interface ValkeyLinkOptions extends ValkeyAddress {
  /** After so long a call has failed. Default 250 (BRN-2). */
  readonly timeoutMs?: number;
  /** Calls on their way at most; more are refused. Default 1,000. */
  readonly maxInFlight?: number;
  /** Told of what the connection meets; it is made anew by itself. */
  readonly onError?: (error: Error) => void;
  readonly observer?: ValkeyObserver;
  readonly monotonicMs?: () => number;
  readonly random?: () => number;
}

/** A script's keys, all in one slot (LOG-6), or an argument. */
export type ValkeyValue = string | number | Uint8Array;

/**
 * The connection to Valkey (BRN-2). Failed calls are `BusError`s: `UNAVAILABLE` = nothing was done, `TIMEOUT` = nobody
 * knows. Calls that are made in one order arrive in it.
 */
export interface ValkeyLink {
  /** Runs a script and gives its answer: numbers, `Buffer`s, null, and lists of them. */
  run(script: ValkeyScript, keys: readonly string[], values: readonly ValkeyValue[]): Promise<unknown>;
  /** Resolves once the server has answered. */
  ping(): Promise<void>;
  /** False = calls are refused at once. */
  isUsable(): boolean;
  /** Told whenever a connection is there, the first included. Gives what ends it. */
  onConnected(listener: () => void): () => void;
  inFlight(): number;
  close(): Promise<void>;
}

/** Begins to connect, for as long as it takes: whoever needs Valkey finds out by calling. */
export function createValkeyLink(options: ValkeyLinkOptions): ValkeyLink {
  return new LinkToValkey(options);
}

const DEFAULT_TIMEOUT_MS = 250;
const DEFAULT_MAX_IN_FLIGHT = 1_000;
const NOBODY: ValkeyObserver = { onAnswered: () => undefined, onFailed: () => undefined };

class LinkToValkey implements ValkeyLink {
  readonly #client: ValkeyClient;
  readonly #circuit: Circuit;
  readonly #observer: ValkeyObserver;
  readonly #monotonicMs: () => number;
  readonly #maxInFlight: number;
  #inFlight = 0;

  constructor(options: ValkeyLinkOptions) {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, random = Math.random, onError = () => undefined } = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#maxInFlight = options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
    this.#observer = options.observer ?? NOBODY;
    this.#client = createValkeyClient({ ...options, timeoutMs, random });
    this.#client.on('error', onError);
    this.#circuit = createCircuit({
      monotonicMs: this.#monotonicMs,
      // What is still waiting for an answer would wait in memory: the next connection is one that has answered.
      onOpen: () => this.#client.disconnect(true),
    });
  }

  async run(script: ValkeyScript, keys: readonly string[], values: readonly ValkeyValue[]): Promise<unknown> {
    const rest = [keys.length, ...keys, ...values.map(toArgument)];
    return this.#call(() =>
      this.#client.callBuffer('evalsha', script.sha1, ...rest).catch((error: unknown) => {
        if (!isRefusal(error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return this.#client.callBuffer('eval', script.lua, ...rest);
      }),
    );
  }

  async ping(): Promise<void> {
    await this.#call(() => this.#client.ping());
  }

  isUsable(): boolean {
    return this.#client.status === 'ready' && !this.#circuit.isOpen();
  }

  onConnected(listener: () => void): () => void {
    this.#client.on('ready', listener);
    return () => void this.#client.off('ready', listener);
  }

  inFlight(): number {
    return this.#inFlight;
  }

  close(): Promise<void> {
    // Between two tries there is nothing to end, and no event tells of it.
    const isConnected = ['connecting', 'connect', 'ready'].includes(this.#client.status);
    const ended = new Promise<void>((resolve) => this.#client.once('end', () => resolve()));
    this.#client.disconnect();
    return isConnected ? ended : Promise.resolve();
  }

  async #call<T>(send: () => Promise<T>): Promise<T> {
    if (this.#client.status !== 'ready') throw this.#refuse('disconnected');
    if (this.#inFlight >= this.#maxInFlight) throw this.#refuse('busy');
    if (!this.#circuit.mayCall()) throw this.#refuse('circuit_open');
    const startedMs = this.#monotonicMs();
    this.#inFlight += 1;
    try {
      const answer = await send();
      this.#circuit.succeeded();
      this.#observer.onAnswered(this.#monotonicMs() - startedMs);
      return answer;
    } catch (cause) {
      throw this.#failureOf(cause, startedMs);
    } finally {
      this.#inFlight -= 1;
    }
  }

  #refuse(reason: ValkeyFailure): BusError {
    this.#observer.onFailed(reason);
    return new BusError('UNAVAILABLE', 'Valkey cannot be used.');
  }

  /** A refusal is an answer: nothing was done, since a script is refused before it writes (LOG-7). */
  #failureOf(cause: unknown, startedMs: number): BusError {
    if (isRefusal(cause)) {
      this.#circuit.succeeded();
      this.#observer.onAnswered(this.#monotonicMs() - startedMs);
      this.#observer.onFailed('refused');
      return new BusError('UNAVAILABLE', 'Valkey refuses it.', { cause });
    }
    this.#circuit.failed();
    this.#observer.onFailed('timeout');
    return new BusError('TIMEOUT', undefined, { cause });
  }
}

function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

function toArgument(value: ValkeyValue): string | number | Buffer {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}

import type { TokenOrder } from '@arqonbus/auth';
import type { JsonClient } from './json-client.ts';

/** A running bus, seen from outside only: the same tests run against one process and against a cluster (PRD-2). */
export interface Bus {
  readonly wsUrl: string;
  readonly httpUrl: string;
  readonly telemetryUrl: string;
  /** Of the Bridge; empty where a cluster was started without one. */
  readonly bridgeUrl: string;
  readonly grpcUrl: string;
  /** Of clients; in a cluster that of the first Shield, which alone stands behind the three addresses as well. */
  readonly port: number;
  /** Of clients: of every Shield. */
  readonly ports: readonly number[];
  /** Process ids of what serves clients. */
  readonly pids: readonly number[];
  /** Sends a signal to what serves clients. */
  signal(signal: NodeJS.Signals): void;
  isRunning(): boolean;
  /** A token of the bus's own issuer; default: a user `alice` of tenant `acme`. */
  token(order?: Partial<TokenOrder>): Promise<string>;
  /** Connects a client with such a token; in a cluster to one Shield after the other. */
  connect(order?: Partial<TokenOrder>, query?: string): Promise<JsonClient>;
  /** The value of one metric line, labels included as written; 0 where it is not there. Summed over a cluster. */
  metric(line: string): Promise<number>;
  /** What every process shows on `/metrics`, Brains too. */
  scrapes(): Promise<readonly string[]>;
  /** What has been logged so far. */
  log(): string;
  /** Resolves when what serves clients has ended, with its exit code; null = by a signal. */
  readonly exited: Promise<number | null>;
  /** Ends the bus in good order. */
  stop(): Promise<void>;
}

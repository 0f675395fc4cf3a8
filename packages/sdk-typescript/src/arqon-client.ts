import type { BusError, CommandArgs, CommandName, CommandResult } from '@arqonbus/protocol';
import type { ConnectionState } from './connection-state.ts';
import type { Discontinuity } from './discontinuity.ts';
import type { HistoryOptions, HistoryTarget } from './history.ts';
import type { Operator, OperatorOptions, TaskHandler } from './operator.ts';
import type { Publication } from './publication.ts';
import type { PublishOptions, PublishResult } from './publish-options.ts';
import type { Replay, ReplayOptions } from './replay.ts';
import type { ClientStore } from './store.ts';
import type { JoinOptions, Rejoined, Subscription } from './subscription.ts';
import type { SubmittedTask, TaskRequest } from './submitted-task.ts';
import type { TaskFrame } from './task-frame.ts';
import type { TargetName } from './target-name.ts';
import type { Welcome } from './welcome.ts';

/** A message from the server itself. */
export interface SystemMessage {
  /** What it is about, such as `token_expiring`, `going_away`, `lagging`, `discontinuity`; empty when it does not say. */
  readonly event: string;
  /** Empty when it concerns the connection. */
  readonly room: string;
  readonly channel: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What a client tells its listeners. */
export interface ClientEvents {
  /** The client moved to this state. */
  state: ConnectionState;
  /** Connected, or connected again. */
  welcome: Welcome;
  /** A connection, or a try for one, ended; the client tries again unless `willReconnect` is false. */
  close: { readonly error: BusError | undefined; readonly willReconnect: boolean };
  /** A joined channel was joined again after a reconnect; `recovered` says whether anything is missing. */
  rejoined: Rejoined;
  /** Messages of a channel without a log may have been lost on the server's side; the connection is as it was. */
  discontinuity: Discontinuity;
  /** Every publication of every joined channel, once. */
  publication: Publication;
  private: Publication;
  system: SystemMessage;
  /** Of a task that this client works on, or waits for; {@link ArqonClient.operator} and `submitTask` deal with them. */
  task: TaskFrame;
  /**
   * What no promise could tell: the refusal of a message sent without `ack`, a frame that could not be read, a token
   * that could not be refreshed, an exception in a listener (`INTERNAL_ERROR`, with the `cause`).
   */
  error: BusError;
}

/** How long a single request may take. */
export interface RequestOptions {
  /** Default: `requestTimeoutMs` of the client. */
  readonly timeoutMs?: number;
}

/** The arguments of `command`: those of commands that need none may be left out. */
export type CommandCall<N extends CommandName> =
  Partial<CommandArgs<N>> extends CommandArgs<N>
    ? [args?: CommandArgs<N>, options?: RequestOptions]
    : [args: CommandArgs<N>, options?: RequestOptions];

/** How to send a private message. */
export type PrivateOptions = PublishOptions & { readonly room?: string; readonly channel?: string };

/** A client of the bus. Rejections are BusErrors with a `code`. */
export interface ArqonClient {
  /** Where the client stands. */
  readonly state: ConnectionState;
  /**
   * The client id, by which others see it and write to it; empty before the first connection. It stays the same over
   * reconnects within the server's resume window (2 minutes), and is another one after that.
   */
  readonly id: string;
  /**
   * Connects, and resolves with the server's welcome. Tries again by itself after the close-code table; rejects when
   * the server's word allows no other try, or when nothing came of the first connection within `connectTimeoutMs`. The
   * client is closed then, and may be connected anew.
   */
  connect(): Promise<Welcome>;
  /** Joins a channel; joining it twice gives the same subscription. It is joined again after each reconnect. */
  join(target: TargetName, options?: JoinOptions): Promise<Subscription>;
  /**
   * Publishes a JSON value or a Uint8Array. With `ack` (the default) resolves once the bus has it. While the connection
   * is being restored an acknowledged publication waits, and one whose answer was lost is sent again under its id where
   * the channel is logged, for 60 s in all; then it rejects with `TIMEOUT` and `details.indeterminate`.
   */
  publish(target: TargetName, payload: unknown, options?: PublishOptions): Promise<PublishResult>;
  /** Sends to clients, or to every connection of a user (`user:<user>`). Never sent twice. */
  private(to: string | readonly string[], payload: unknown, options?: PrivateOptions): Promise<PublishResult>;
  /** Gives a command; arguments and result are typed by the registry (PRT-21). Use `join` rather than `join_channel`. */
  command<N extends CommandName>(name: N, ...call: CommandCall<N>): Promise<CommandResult<N>>;
  /**
   * Reads stored publications of a channel, or of all channels of a room (`{ room }`) that may be read, page by page as
   * they are consumed.
   */
  history(target: TargetName | HistoryTarget, options?: HistoryOptions): AsyncIterable<Publication>;
  /** Has a window of a channel sent again, to this client alone; `result` tells its hash and its gaps. */
  replay(target: TargetName, options?: ReplayOptions): Replay;
  /** The values that the tenant keeps (STO-1): read, change, compare and set, list, watch. */
  readonly store: ClientStore;
  /** Gives a task to a work group, or to whoever has a capability (OPR-2). */
  submitTask(request: TaskRequest): SubmittedTask;
  /**
   * Makes this client an operator: the handler gets the tasks of the group, and is theirs again after each reconnect. One
   * group at a time.
   */
  operator(group: string, options: OperatorOptions, handler: TaskHandler): Promise<Operator>;
  /** Adds a listener; the returned function takes it away. */
  on<N extends keyof ClientEvents>(name: N, listener: (event: ClientEvents[N]) => void): () => void;
  /** Closes for good: what waits is rejected, subscriptions end. Resolves when the socket has closed. */
  close(): Promise<void>;
}

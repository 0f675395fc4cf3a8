import { BusError } from '@arqonbus/protocol';
import type { CommandArgs } from '@arqonbus/protocol';
import type { ArqonClient } from './arqon-client.ts';
import type { Clock, Timer } from './clock.ts';
import { persist } from './persistent-command.ts';
import type { TaskFrame } from './task-frame.ts';

/** What an operator announces. */
export interface OperatorOptions {
  /** The token must list them. */
  readonly capabilities?: readonly string[];
  readonly inputSchema?: string;
  readonly outputSchema?: string;
  /** Tasks at one time; default 1. */
  readonly maxInFlight?: number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Told why it is an operator no more, or not yet again. */
  readonly onError?: (error: BusError) => void;
}

/** A task that is being worked on. */
export interface TaskContext {
  readonly taskId: string;
  /** The same task may come again, with another number. */
  readonly attempt: number;
  /** Aborted when the work counts no more: it was taken back, others have it, or the connection is lost. */
  readonly signal: AbortSignal;
  /** Tells the submitter; nothing waits for it. */
  progress(payload: unknown): void;
  /** How good the result is, where the best of several counts. */
  score: number;
}

/** Does a task, and gives the result. What it throws is a failure, and others try; a {@link TaskFailure} may say that none need. */
export type TaskHandler = (payload: unknown, task: TaskContext) => unknown;

/** Thrown by a handler: why it failed. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  /** Nobody else need try. */
  readonly isFinal: boolean;

  constructor(reason: string, options: { readonly isFinal?: boolean } = {}) {
    super(reason);
    this.isFinal = options.isFinal ?? false;
  }
}

/** A session that takes tasks, again after each reconnect. */
export interface Operator {
  readonly group: string;
  /** Ends it; what it works on is aborted, and goes to others. */
  leave(): Promise<void>;
}

/** What an operator needs of the client. */
export interface OperatorParts {
  readonly client: Pick<ArqonClient, 'command'>;
  readonly clock: Clock;
  readonly group: string;
  readonly options: OperatorOptions;
  readonly handler: TaskHandler;
}

interface Run {
  readonly controller: AbortController;
  heartbeat: Timer | undefined;
}

const REJOIN_FOR_MS = 600_000;
const REPORT_FOR_MS = 60_000;
const MAX_REASON_LENGTH = 200;

/** Runs the handler for every task that comes, and keeps their leases. */
export class RunningOperator implements Operator {
  readonly #parts: OperatorParts;
  /** By task and attempt. */
  readonly #runs = new Map<string, Run>();
  #leaseMs = 0;
  #hasLeft = false;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  get group(): string {
    return this.#parts.group;
  }

  /** Announces it. Rejects with the refusal. */
  async join(): Promise<void> {
    const { client, group, options } = this.#parts;
    const { lease_ms: leaseMs } = await client.command('operator.join', argsOf(group, options));
    this.#leaseMs = leaseMs;
  }

  /** Connected again: announces itself again. */
  async rejoin(): Promise<void> {
    const { clock, options } = this.#parts;
    try {
      await persist(clock, async () => (this.#hasLeft ? undefined : this.join()), REJOIN_FOR_MS);
    } catch (error) {
      if (error instanceof BusError) options.onError?.(error);
    }
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.abort();
    await this.#parts.client.command('operator.leave', {});
  }

  /** Whatever it works on counts no more. */
  abort(): void {
    for (const { controller } of this.#runs.values()) controller.abort();
  }

  /** Takes a frame for operators. */
  take(frame: TaskFrame): void {
    if (frame.state === 'assigned') void this.#work(frame);
    else this.#runs.get(keyOf(frame))?.controller.abort();
  }

  async #work(frame: TaskFrame): Promise<void> {
    const { taskId, attempt, payload } = frame;
    const run: Run = { controller: new AbortController(), heartbeat: undefined };
    const { signal } = run.controller;
    this.#runs.set(keyOf(frame), run);
    this.#beat(frame, run);
    const told = { task_id: taskId, attempt };
    const progress = (news: unknown): void => this.#quietly('task.progress', { ...told, payload: news }, run);
    const context: TaskContext = { taskId, attempt, signal, progress, score: 0 };
    try {
      const result = await this.#parts.handler(payload['payload'], context);
      await this.#report(signal, 'task.result', { ...told, payload: result ?? null, score: context.score });
    } catch (error) {
      await this.#fail(told, error, signal);
    } finally {
      run.heartbeat?.cancel();
      this.#runs.delete(keyOf(frame));
    }
  }

  async #fail(told: { task_id: string; attempt: number }, error: unknown, signal: AbortSignal): Promise<void> {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_LENGTH);
    const final = error instanceof TaskFailure && error.isFinal;
    // Where it cannot be told, the lease runs out.
    await this.#report(signal, 'task.fail', { ...told, payload: reason, final }).catch(() => undefined);
  }

  async #report<N extends 'task.result' | 'task.fail'>(
    signal: AbortSignal,
    name: N,
    args: CommandArgs<N>,
  ): Promise<void> {
    const { client, clock } = this.#parts;
    const give = async (): Promise<unknown> => (signal.aborted ? undefined : client.command(name, args));
    try {
      await persist(clock, give, REPORT_FOR_MS);
    } catch (error) {
      // Somebody else has the task: there is nothing to fail any more.
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    }
  }

  /** Three signs of life in each lease. */
  #beat(frame: TaskFrame, run: Run): void {
    run.heartbeat = this.#parts.clock.setTimer(() => {
      if (run.controller.signal.aborted) return;
      this.#quietly('task.ack', { task_id: frame.taskId, attempt: frame.attempt }, run);
      this.#beat(frame, run);
    }, this.#leaseMs / 3);
  }

  #quietly<N extends 'task.ack' | 'task.progress'>(name: N, args: CommandArgs<N>, { controller }: Run): void {
    if (controller.signal.aborted) return;
    (this.#parts.client.command(name, args) as Promise<unknown>).catch((error: unknown) => {
      if (error instanceof BusError && (error.code === 'CONFLICT' || error.code === 'NOT_FOUND')) controller.abort();
    });
  }
}

function keyOf({ taskId, attempt }: TaskFrame): string {
  return `${taskId}#${attempt}`;
}

function argsOf(group: string, options: OperatorOptions): CommandArgs<'operator.join'> {
  const { capabilities, inputSchema, outputSchema, maxInFlight, metadata } = options;
  return {
    group,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(inputSchema === undefined ? {} : { input_schema: inputSchema }),
    ...(outputSchema === undefined ? {} : { output_schema: outputSchema }),
    ...(maxInFlight === undefined ? {} : { max_in_flight: maxInFlight }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

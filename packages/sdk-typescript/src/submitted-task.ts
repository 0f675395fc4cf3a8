import { BusError } from '@arqonbus/protocol';
import type { CommandArgs } from '@arqonbus/protocol';
import type { ArqonClient } from './arqon-client.ts';
import type { Clock } from './clock.ts';
import { NewsQueue } from './news-queue.ts';
import { persist } from './persistent-command.ts';
import type { TaskFrame } from './task-frame.ts';

/** A task to give away: to a group, or to whoever has a capability. */
export interface TaskRequest {
  readonly group?: string;
  readonly capability?: string;
  readonly payload: unknown;
  /** Default: to one operator after the other. */
  readonly strategy?: 'round_robin' | 'competing' | 'broadcast';
  readonly timeoutMs?: number;
  /** Default: one of its own, so that it is never given twice. */
  readonly idempotencyKey?: string;
  /** 0 to 9, the most urgent last. */
  readonly priority?: number;
  readonly maxAttempts?: number;
  readonly bestOf?: number;
  readonly windowMs?: number;
}

/** How a task ended. */
export type TaskResult =
  | {
      readonly state: 'done';
      /** What the operator gave; of a broadcast undefined. */
      readonly payload: unknown;
      /** Of a broadcast: what each gave. */
      readonly results: readonly { readonly operator_id: string; readonly payload?: unknown }[];
    }
  | { readonly state: 'failed'; readonly reason: unknown }
  | { readonly state: 'expired' | 'cancelled' };

/** A task that was given away. Can be read once: what its operators tell on the way. */
export interface SubmittedTask extends AsyncIterable<unknown> {
  /** Known once the bus has it. Rejects where it is refused. */
  readonly id: Promise<string>;
  /** How it ended, also when the connection was lost meanwhile. Rejects where it was refused, or the client closed. */
  readonly result: Promise<TaskResult>;
  /** Takes it back. */
  cancel(): Promise<void>;
}

/** What submitting needs of the client. */
export interface SubmittedTasksParts {
  readonly client: Pick<ArqonClient, 'command'>;
  readonly clock: Clock;
  readonly nextKey: () => string;
}

interface Pending {
  readonly news: NewsQueue<unknown>;
  settle(result: TaskResult): void;
  fail(error: unknown): void;
}

const SUBMIT_FOR_MS = 60_000;
const MAX_NEWS = 1_000;
/** Frames may overtake the answer that names their task. */
const MAX_EARLY = 256;

/** The tasks of this client that have not ended. */
export class SubmittedTasks {
  readonly #parts: SubmittedTasksParts;
  readonly #pending = new Map<string, Pending>();
  #submitting = 0;
  #early: TaskFrame[] = [];

  constructor(parts: SubmittedTasksParts) {
    this.#parts = parts;
  }

  submit(request: TaskRequest): SubmittedTask {
    const { client } = this.#parts;
    const news = new NewsQueue<unknown>(MAX_NEWS);
    const { promise: result, resolve, reject } = withResolvers<TaskResult>();
    const pending = { news, settle: resolve, fail: reject };
    const id = this.#begin(argsOf(request, this.#parts.nextKey), pending);
    id.catch((error: unknown) => {
      news.end();
      reject(error);
    });
    // Whoever waits for one of the two only hears of a refusal there.
    result.catch(() => undefined);
    return {
      id,
      result,
      cancel: async () => void (await client.command('task.cancel', { task_id: await id })),
      [Symbol.asyncIterator]: () => news.iterator(),
    };
  }

  /** Takes a frame for submitters. */
  take(frame: TaskFrame): void {
    const pending = this.#pending.get(frame.taskId);
    if (pending !== undefined) this.#tell(frame, pending);
    else if (this.#submitting > 0) this.#early = [...this.#early, frame].slice(-MAX_EARLY);
  }

  /** Connected again: what ended meanwhile may have been told to nobody. */
  lookAgain(): void {
    for (const taskId of this.#pending.keys()) void this.#look(taskId);
  }

  /** The client is closed. */
  abort(): void {
    for (const { news, fail } of this.#pending.values()) {
      news.end();
      fail(new BusError('UNAVAILABLE', 'The client was closed.'));
    }
    this.#pending.clear();
  }

  async #begin(args: CommandArgs<'task.submit'>, pending: Pending): Promise<string> {
    const { client, clock } = this.#parts;
    this.#submitting += 1;
    try {
      const { task_id: taskId, state } = await persist(clock, () => client.command('task.submit', args), SUBMIT_FOR_MS);
      this.#pending.set(taskId, pending);
      for (const frame of this.#early) if (frame.taskId === taskId) this.take(frame);
      // Of a key that was used before, the end may have been told long ago.
      if (state !== 'queued' && state !== 'assigned') await this.#look(taskId);
      return taskId;
    } finally {
      this.#submitting -= 1;
      if (this.#submitting === 0) this.#early = [];
    }
  }

  async #look(taskId: string): Promise<void> {
    const { client, clock } = this.#parts;
    try {
      const status = await persist(clock, () => client.command('task.get', { task_id: taskId }), SUBMIT_FOR_MS);
      const pending = this.#pending.get(taskId);
      if (pending !== undefined) this.#end(taskId, resultOf(status.state, status), pending);
    } catch (error) {
      // While it cannot be asked, the next connection asks again.
      if (!(error instanceof BusError) || error.code !== 'NOT_FOUND') return;
      this.#pending.get(taskId)?.fail(error);
      this.#pending.delete(taskId);
    }
  }

  #tell({ taskId, state, payload }: TaskFrame, pending: Pending): void {
    if (state === 'progress') pending.news.push(payload['payload']);
    else this.#end(taskId, resultOf(state, payload), pending);
  }

  #end(taskId: string, result: TaskResult | undefined, { news, settle }: Pending): void {
    if (result === undefined) return;
    this.#pending.delete(taskId);
    news.end();
    settle(result);
  }
}

function resultOf(state: string, told: { readonly [name: string]: unknown }): TaskResult | undefined {
  switch (state) {
    case 'done': {
      const results = Array.isArray(told['results']) ? told['results'] : [];
      return { state, payload: told['payload'], results: results as (TaskResult & { state: 'done' })['results'] };
    }
    case 'failed':
      return { state, reason: told['reason'] };
    case 'expired':
    case 'cancelled':
      return { state };
    default:
      return undefined;
  }
}

function argsOf(request: TaskRequest, nextKey: () => string): CommandArgs<'task.submit'> {
  const { group, capability, payload, strategy, timeoutMs, priority, maxAttempts, bestOf, windowMs } = request;
  return {
    payload,
    idempotency_key: request.idempotencyKey ?? nextKey(),
    ...(group === undefined ? {} : { group }),
    ...(capability === undefined ? {} : { capability }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(timeoutMs === undefined ? {} : { timeout_ms: timeoutMs }),
    ...(priority === undefined ? {} : { priority }),
    ...(maxAttempts === undefined ? {} : { max_attempts: maxAttempts }),
    ...(bestOf === undefined ? {} : { best_of: bestOf }),
    ...(windowMs === undefined ? {} : { window_ms: windowMs }),
  };
}

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function withResolvers<T>(): Resolvers<T> {
  let resolvers: Omit<Resolvers<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    resolvers = { resolve, reject };
  });
  return { promise, ...(resolvers as unknown as Omit<Resolvers<T>, 'promise'>) };
}

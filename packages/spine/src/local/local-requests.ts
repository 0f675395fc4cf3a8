import { BusError } from '@arqonbus/protocol';
import { deadlineIn } from '../deadline.ts';
import type { RequestHandler, SpineSubscription } from '../spine.ts';
import type { Subject, SubjectFilter } from '../subjects/subject.ts';
import { SubscriptionTable } from './subscription-table.ts';
import type { Interest } from './subscription-table.ts';

/** Starts a timer; the returned function stops it. */
export type StartTimer = (run: () => void, afterMs: number) => () => void;

/** What is asked. */
export interface Asked {
  readonly subject: Subject;
  readonly data: Uint8Array;
  readonly traceparent: string;
}

/** A request that waits for its first answer. */
export interface PendingRequest extends Asked {
  readonly deadlineMs: number;
  /** The first call decides; later ones are ignored. */
  settle(outcome: Uint8Array | BusError): void;
}

interface Server extends Interest {
  readonly handler: RequestHandler;
  readonly queue: string | undefined;
}

/** The half of the local Spine that asks and answers. What a server throws goes to `onError`, and counts as silence. */
export class LocalRequests {
  readonly #servers = new SubscriptionTable<Server>();
  readonly #waiting = new Set<Promise<Uint8Array>>();
  readonly #startTimer: StartTimer;
  readonly #onError: (error: unknown, subject: Subject) => void;
  #turn = 0;

  constructor(startTimer: StartTimer, onError: (error: unknown, subject: Subject) => void) {
    this.#startTimer = startTimer;
    this.#onError = onError;
  }

  serve(filter: SubjectFilter, handler: RequestHandler, queue: string | undefined): SpineSubscription {
    const server: Server = { filter, handler, queue, active: true };
    this.#servers.add(server);
    return { unsubscribe: () => this.#servers.remove(server) };
  }

  /** Starts a request's clock and queues it; the queue's owner gives it to {@link dispatch} when its turn comes. */
  open(asked: Asked, timeoutMs: number, enqueue: (request: PendingRequest) => void): Promise<Uint8Array> {
    const deadlineMs = deadlineIn(timeoutMs);
    const reply = new Promise<Uint8Array>((resolve, reject) => {
      const stop = this.#startTimer(() => reject(new BusError('TIMEOUT')), timeoutMs);
      const settle = (outcome: Uint8Array | BusError): void => {
        stop();
        if (outcome instanceof BusError) reject(outcome);
        else resolve(outcome);
      };
      enqueue({ ...asked, deadlineMs, settle });
    });
    this.#waiting.add(reply);
    const forget = (): boolean => this.#waiting.delete(reply);
    reply.then(forget, forget);
    return reply;
  }

  /** Hands a request to every server without a queue and to one member of each queue, in turn; unless it is too late. */
  dispatch(request: PendingRequest): void {
    if (request.deadlineMs <= performance.now()) {
      request.settle(new BusError('TIMEOUT'));
      return;
    }
    const chosen = chooseServers(this.#servers.matching(request.subject), this.#turn++);
    if (chosen.length === 0) request.settle(new BusError('NOT_FOUND', 'Nobody serves this request.'));
    for (const server of chosen) void this.#ask(server, request);
  }

  /** Resolves once every request that waits now has its outcome. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#waiting);
  }

  clear(): void {
    this.#servers.clear();
  }

  async #ask(server: Server, request: PendingRequest): Promise<void> {
    try {
      const answer = await server.handler(request.data, request.deadlineMs, request.traceparent);
      if (answer !== undefined) request.settle(answer);
    } catch (error) {
      this.#onError(error, request.subject);
    }
  }
}

/** All that have no queue, and one of each queue: `turn` moves the choice along. */
function chooseServers(matching: readonly Server[], turn: number): readonly Server[] {
  const queues = new Map<string, Server[]>();
  const chosen: Server[] = [];
  for (const server of matching) {
    if (server.queue === undefined) chosen.push(server);
    else if (!queues.get(server.queue)?.push(server)) queues.set(server.queue, [server]);
  }
  for (const members of queues.values()) {
    const member = members[turn % members.length];
    if (member !== undefined) chosen.push(member);
  }
  return chosen;
}

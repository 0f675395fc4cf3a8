import type { OperatorRecord } from '@arqonbus/protocol/spine-messages';
import type { Run, Task } from './task.ts';
import { targetOf } from './task-queue.ts';
import type { Taker } from './transition.ts';

/** How long an operator whose Shield says nothing is one: as long as membership lasts (PRS-2). */
export const OPERATOR_LEASE_MS = 10_000;

interface Operator {
  record: OperatorRecord;
  untilMs: number;
  /** It could not be reached: it gets nothing before its Shield speaks of it again. */
  isSuspended: boolean;
  /** How far its turn has come (see {@link Operators.pick}). */
  credit: number;
}

/** An operator and how much it has to do. */
export interface BusyOperator {
  readonly operator: OperatorRecord;
  readonly inFlight: number;
}

/** The operators of a tenant, under leases that their Shields renew, and how many tasks each has (OPR-1). */
export class Operators {
  readonly #monotonicMs: () => number;
  readonly #byClient = new Map<string, Operator>();
  /** By client; also of those that are gone, whose runs end soon. */
  readonly #inFlight = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  get size(): number {
    return this.#byClient.size;
  }

  /** Adds an operator, or renews its lease; a new session of the same client takes the place of the old one. */
  put(record: OperatorRecord): void {
    const untilMs = this.#monotonicMs() + OPERATOR_LEASE_MS;
    const known = this.#byClient.get(record.clientId);
    this.#byClient.set(record.clientId, { record, untilMs, isSuspended: false, credit: known?.credit ?? 0 });
  }

  get(clientId: string): OperatorRecord | undefined {
    return this.#byClient.get(clientId)?.record;
  }

  has({ clientId, sessionId }: Taker): boolean {
    return this.#byClient.get(clientId)?.record.sessionId === sessionId;
  }

  /** True where there was such a session. */
  end(taker: Taker): boolean {
    return this.has(taker) && this.#byClient.delete(taker.clientId);
  }

  suspend(clientId: string): void {
    const operator = this.#byClient.get(clientId);
    if (operator !== undefined) operator.isSuspended = true;
  }

  /** Ends those whose lease is over. */
  sweep(): void {
    const nowMs = this.#monotonicMs();
    for (const [clientId, { untilMs }] of this.#byClient) if (untilMs <= nowMs) this.#byClient.delete(clientId);
  }

  countOf(group: string): number {
    let count = 0;
    for (const { record } of this.#byClient.values()) if (record.group === group) count += 1;
    return count;
  }

  /** Those of a group, with a capability, or all, by client. */
  list({ group = '', capability = '' }: { readonly group?: string; readonly capability?: string }): BusyOperator[] {
    const found: BusyOperator[] = [];
    for (const { record } of this.#byClient.values()) {
      if (group !== '' && record.group !== group) continue;
      if (capability !== '' && !record.capabilities.includes(capability)) continue;
      found.push({ operator: record, inFlight: this.#inFlightOf(record.clientId) });
    }
    return found.toSorted((a, b) => (a.operator.clientId < b.operator.clientId ? -1 : 1));
  }

  /** Notes which runs a change has begun and ended. */
  count(before: Task | undefined, after: Task | undefined): void {
    for (const run of runningIn(before)) this.reserve(run.clientId, -1);
    for (const run of runningIn(after)) this.reserve(run.clientId, 1);
  }

  /** Takes room at an operator, or gives it back. */
  reserve(clientId: string, tasks: 1 | -1): void {
    const inFlight = this.#inFlightOf(clientId) + tasks;
    if (inFlight <= 0) this.#inFlight.delete(clientId);
    else this.#inFlight.set(clientId, inFlight);
  }

  /**
   * The operator whose turn it is: each gains as much credit as it has room, and who has most gives all of it away. So turns
   * are shared out by free capacity, and those with equal room come one after the other (OPR-3).
   */
  pick(task: Task, unfit: ReadonlySet<string>): OperatorRecord | undefined {
    let best: Operator | undefined;
    let sum = 0;
    for (const operator of this.#takersOf(task, unfit)) {
      const free = this.#freeOf(operator);
      if (free <= 0) continue;
      sum += free;
      operator.credit += free;
      if (best === undefined || operator.credit > best.credit) best = operator;
    }
    if (best === undefined) return undefined;
    best.credit -= sum;
    return best.record;
  }

  /** All that could take the task; with `isFree`, those that have room. */
  all(task: Task, unfit: ReadonlySet<string>, { isFree }: { readonly isFree: boolean }): OperatorRecord[] {
    const found: OperatorRecord[] = [];
    for (const operator of this.#takersOf(task, unfit)) {
      if (!isFree || this.#freeOf(operator) > 0) found.push(operator.record);
    }
    return found;
  }

  /** Whether somebody has room for what waits for a target. */
  hasRoomFor(target: string): boolean {
    for (const operator of this.#byClient.values()) {
      if (!operator.isSuspended && this.#freeOf(operator) > 0 && serves(operator.record, target)) return true;
    }
    return false;
  }

  *#takersOf(task: Task, unfit: ReadonlySet<string>): Iterable<Operator> {
    const target = targetOf(task);
    for (const operator of this.#byClient.values()) {
      const { record, isSuspended } = operator;
      if (!isSuspended && serves(record, target) && !unfit.has(record.inputSchema)) yield operator;
    }
  }

  #freeOf({ record }: Operator): number {
    return record.maxInFlight - this.#inFlightOf(record.clientId);
  }

  #inFlightOf(clientId: string): number {
    return this.#inFlight.get(clientId) ?? 0;
  }
}

function serves({ group, capabilities }: OperatorRecord, target: string): boolean {
  const separator = target.indexOf(':');
  const name = target.slice(separator + 1);
  return target.startsWith('group:') ? group === name : capabilities.includes(name);
}

function runningIn(task: Task | undefined): readonly Run[] {
  return task === undefined ? [] : task.runs.filter(({ state }) => state === 'running');
}

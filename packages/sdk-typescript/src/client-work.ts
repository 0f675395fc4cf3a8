import { BusError } from '@arqonbus/protocol';
import type { ArqonClient } from './arqon-client.ts';
import type { Clock } from './clock.ts';
import { RunningOperator } from './operator.ts';
import type { Operator, OperatorOptions, TaskHandler } from './operator.ts';
import { createClientStore } from './store.ts';
import type { ClientStore } from './store.ts';
import { SubmittedTasks } from './submitted-task.ts';
import type { SubmittedTask, TaskRequest } from './submitted-task.ts';

/** The tasks that a client gives and takes, and what it keeps in the store, through reconnects. */
export class ClientWork {
  readonly store: ClientStore;
  readonly #client: Pick<ArqonClient, 'command' | 'on'>;
  readonly #clock: Clock;
  readonly #submitted: SubmittedTasks;
  #operator: RunningOperator | undefined;

  constructor(client: Pick<ArqonClient, 'command' | 'on'>, clock: Clock, nextKey: () => string) {
    this.#client = client;
    this.#clock = clock;
    this.store = createClientStore(client, clock);
    this.#submitted = new SubmittedTasks({ client, clock, nextKey });
    client.on('task', (frame) => {
      if (frame.role === 'submitter') this.#submitted.take(frame);
      else this.#operator?.take(frame);
    });
    client.on('welcome', () => {
      void this.#operator?.rejoin();
      this.#submitted.lookAgain();
    });
    client.on('close', ({ willReconnect }) => {
      // Who works on a connection that is lost has lost its tasks.
      this.#operator?.abort();
      if (!willReconnect) this.#submitted.abort();
    });
  }

  submit(request: TaskRequest): SubmittedTask {
    return this.#submitted.submit(request);
  }

  async operate(group: string, options: OperatorOptions, handler: TaskHandler): Promise<Operator> {
    if (this.#operator !== undefined) throw new BusError('CONFLICT', 'The client is an operator; leave first.');
    const operator = new RunningOperator({ client: this.#client, clock: this.#clock, group, options, handler });
    // Tasks may come before the answer does.
    this.#operator = operator;
    const forget = (): void => {
      if (this.#operator === operator) this.#operator = undefined;
    };
    try {
      await operator.join();
    } catch (error) {
      forget();
      throw error;
    }
    return { group, leave: () => operator.leave().finally(forget) };
  }
}

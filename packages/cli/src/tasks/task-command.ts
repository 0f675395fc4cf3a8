import type { CommandResult } from '@arqonbus/protocol';
import type { TaskRequest, TaskResult } from '@arqonbus/sdk';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseCount } from '../client/parse-count.ts';
import { jsonOrText } from '../client/json-or-text.ts';
import { pagesOf } from '../client/pages-of.ts';
import { withClient } from '../client/with-client.ts';

const EXAMPLES = `
A task goes to an operator of a work group, or to whoever has a capability. submit waits for its end, and prints progress as it comes;
what the group is sent is the second argument, as JSON, or as a text where it is none.

Examples:
  arqon task submit research '{"question":"Why is the sky blue?"}'
  arqon task submit --capability translate:de 'Good morning' --json
  arqon task get t_01KB0V5N6Y8X9Z3QJ4T2M7W1CD
  arqon task list-dead research
  arqon task replay t_01KB0V5N6Y8X9Z3QJ4T2M7W1CD
  arqon task operators research
`;

/** Adds `arqon task`: giving tasks, and looking after them (OPR-2, OPR-3). */
export function addTaskCommand(program: Command): void {
  const task = program.command('task').description('give tasks to work groups, and look after them');
  task.addHelpText('after', EXAMPLES);
  // With a capability the one argument is the payload, which Commander would take for the group.
  const submit = task.command('submit [group] [payload]').description('give a task, and wait for its end');
  submit
    .usage('[options] [group] <payload>')
    .option('--capability <name>', 'to whoever has it, in place of a group')
    .addOption(new Option('--strategy <name>', 'how').choices(['round_robin', 'competing', 'broadcast']))
    .option('--priority <n>', '0 to 9', parseCount)
    .option('--task-timeout <ms>', 'after so long nobody waits for it any more; 5 minutes unless said', parseCount)
    .option('--key <text>', 'the same key again is the same task');
  addClientFlags(submit).action(submitTask);
  addClientFlags(task.command('get <task>').description('tell where it stands')).action(getTask);
  addClientFlags(task.command('cancel <task>').description('take it back')).action(cancelTask);
  const open = task.command('list [group]').description('show what somebody may still work on; needs an admin');
  addClientFlags(open).action(lister('op.task.list'));
  const dead = task.command('list-dead [group]').description('show what failed or expired; needs an admin');
  addClientFlags(dead).action(lister('op.task.dlq.list'));
  addClientFlags(task.command('replay <task>').description('have a dead task tried again; needs an admin')).action(
    replayTask,
  );
  addClientFlags(task.command('operators [group]').description('show who takes tasks')).action(listOperators);
}

interface SubmitFlags extends ClientFlags {
  readonly capability?: string;
  readonly strategy?: NonNullable<TaskRequest['strategy']>;
  readonly priority?: number;
  readonly taskTimeout?: number;
  readonly key?: string;
}

async function submitTask(first: string | undefined, second: string | undefined, flags: SubmitFlags): Promise<void> {
  const { capability, strategy, priority, taskTimeout, key } = flags;
  const [group, text] = capability === undefined ? [first, second] : [undefined, first];
  if (text === undefined) throw new InvalidArgumentError('name a group, or a --capability, and the payload');
  if (capability !== undefined && second !== undefined)
    throw new InvalidArgumentError('a group, or a --capability, but not both');
  const request: TaskRequest = {
    payload: jsonOrText(text),
    ...(group === undefined ? {} : { group }),
    ...(capability === undefined ? {} : { capability }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(priority === undefined ? {} : { priority }),
    ...(taskTimeout === undefined ? {} : { timeoutMs: taskTimeout }),
    ...(key === undefined ? {} : { idempotencyKey: key }),
  };
  await withClient(flags, async (client) => {
    const task = client.submitTask(request);
    const taskId = await task.id;
    for await (const progress of task) say(flags, { task_id: taskId, state: 'progress', payload: progress }, progress);
    const result = await task.result;
    say(flags, { task_id: taskId, ...result }, resultText(result));
    if (result.state !== 'done') process.exitCode = 1;
  });
}

async function getTask(taskId: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const task = await client.command('task.get', { task_id: taskId });
    say(flags, task, lineOf(task));
  });
}

async function cancelTask(taskId: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const task = await client.command('task.cancel', { task_id: taskId });
    say(flags, task, task.state);
  });
}

function lister(command: 'op.task.list' | 'op.task.dlq.list') {
  return async (group: string | undefined, flags: ClientFlags): Promise<void> => {
    const filter = group === undefined ? {} : { group };
    await withClient(flags, async (client) => {
      for await (const page of pagesOf((more) => client.command(command, { ...filter, ...more }))) {
        for (const task of page.items) say(flags, task, lineOf(task));
      }
    });
  };
}

async function replayTask(taskId: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const task = await client.command('op.task.dlq.replay', { task_id: taskId });
    say(flags, task, task.state);
  });
}

async function listOperators(group: string | undefined, flags: ClientFlags): Promise<void> {
  const filter = group === undefined ? {} : { group };
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('operator.list', { ...filter, ...more }))) {
      for (const operator of page.items) {
        const { operator_id: id, user, in_flight: busy, max_in_flight: most, capabilities } = operator;
        say(flags, operator, `${id}  ${operator.group}  ${user}  ${busy} of ${most}  ${capabilities.join(', ')}`);
      }
    }
  });
}

function resultText(result: TaskResult): unknown {
  if (result.state === 'done') return result.results.length > 0 ? result.results : result.payload;
  return result.state === 'failed' ? `failed: ${JSON.stringify(result.reason)}` : result.state;
}

function lineOf(task: CommandResult<'task.get'>): string {
  const { task_id: id, state, group, capability, submitted_by: user, created_at: at, attempts } = task;
  const what = task.payload ?? task.results ?? task.reason;
  const told = what === undefined ? '' : `  ${JSON.stringify(what)}`;
  return `${id}  ${state}  ${group ?? capability ?? ''}  ${user}, ${at}, ${attempts} attempts${told}`;
}

function say({ json }: ClientFlags, value: object, text: unknown): void {
  const plain = typeof text === 'string' ? text : JSON.stringify(text);
  process.stdout.write(`${json ? JSON.stringify(value) : plain}\n`);
}

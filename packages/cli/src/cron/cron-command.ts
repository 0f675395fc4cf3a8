import { parseTarget } from '@arqonbus/protocol';
import type { CommandResult, Target } from '@arqonbus/protocol';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseCount } from '../client/parse-count.ts';
import { parseJson } from '../client/parse-json.ts';
import { pagesOf } from '../client/pages-of.ts';
import { withClient } from '../client/with-client.ts';

const EXAMPLES = `
A schedule fires with the rights of whom the token speaks for, whether they are connected or not. Times are those of --timezone, UTC
where there is none.

Examples:
  arqon cron schedule science:general '{"text":"stand-up"}' --cron '30 9 * * 1-5' --timezone Europe/Berlin
  arqon cron schedule science:general '{"text":"in ten minutes"}' --delay 600
  arqon cron schedule sensors:kitchen '{"ask":"temperature"}' --interval 60 --repeat 10
  arqon cron list
  arqon cron runs c_pYQh0rGHPqMT8_zF
`;

type Job = CommandResult<'op.cron.get'>;

interface ScheduleFlags extends ClientFlags {
  readonly cron?: string;
  readonly timezone?: string;
  readonly delay?: number;
  readonly interval?: number;
  readonly repeat?: number;
  readonly name?: string;
  readonly misfire?: 'skip' | 'once' | 'all';
}

/** Adds `arqon cron schedule`, `list`, `get`, `cancel`, `pause`, `resume` and `runs` (CRN-1). */
export function addCronCommand(program: Command): void {
  const cron = program.command('cron').description('publish later, or again and again');
  const scheduling = cron
    .command('schedule')
    .argument('<target>', 'room:channel', parseChannel)
    .argument('<payload>', 'JSON; - reads it from standard input', parseJson)
    .description('publish this JSON to room:channel, with one of --cron, --delay and --interval')
    .option('--cron <expression>', 'five fields, or six with seconds first')
    .option('--timezone <zone>', 'IANA time zone of the expression')
    .option('--delay <seconds>', 'once, so many seconds from now', parseCount)
    .option('--interval <seconds>', 'every so many seconds', parseCount)
    .option('--repeat <times>', 'so many times in all', parseCount)
    .option('--name <text>', 'for people')
    .option('--misfire <policy>', 'what becomes of what was missed by over a minute: skip, once or all');
  addClientFlags(scheduling).addHelpText('after', EXAMPLES).action(schedule);
  addClientFlags(cron.command('list').description('show your schedules; as an admin, those of the tenant')).action(
    list,
  );
  addClientFlags(cron.command('get <job>').description('show a schedule')).action(oneJob('op.cron.get'));
  addClientFlags(cron.command('cancel <job>').description('end a schedule')).action(oneJob('op.cron.cancel'));
  addClientFlags(cron.command('pause <job>').description('let a schedule rest')).action(oneJob('op.cron.pause'));
  addClientFlags(cron.command('resume <job>').description('let it go on')).action(oneJob('op.cron.resume'));
  addClientFlags(cron.command('runs <job>').description('show what became of its occurrences')).action(runs);
}

async function schedule({ room, channel }: Target, payload: unknown, flags: ScheduleFlags): Promise<void> {
  const given = {
    cron: flags.cron,
    timezone: flags.timezone,
    delay_seconds: flags.delay,
    interval_seconds: flags.interval,
    repeat_count: flags.repeat,
    name: flags.name,
    misfire: flags.misfire,
  };
  const wishes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const args = { room, channel, payload, ...wishes };
  await withClient(flags, async (client) => {
    const job = await client.command('op.cron.schedule', args);
    print(flags, job, `${job.job_id}, next at ${job.next_at ?? 'no time'}`);
  });
}

function parseChannel(text: string): Target {
  const target = parseTarget(text, '');
  if (target === undefined) throw new InvalidArgumentError('a channel is named room:channel.');
  return target;
}

async function list(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.cron.list', more))) {
      for (const job of page.items) print(flags, job, lineOf(job));
    }
  });
}

function oneJob(command: 'op.cron.get' | 'op.cron.cancel' | 'op.cron.pause' | 'op.cron.resume') {
  return async (jobId: string, flags: ClientFlags): Promise<void> => {
    await withClient(flags, async (client) => {
      const job = await client.command(command, { job_id: jobId });
      print(flags, job, lineOf(job));
    });
  };
}

async function runs(jobId: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.cron.runs', { job_id: jobId, ...more }))) {
      for (const run of page.items) {
        print(flags, run, [run.scheduled_at, `#${run.iteration}`, run.state, run.code ?? ''].join('  ').trimEnd());
      }
    }
  });
}

function lineOf(job: Job): string {
  const { delay_seconds: delay, interval_seconds: interval, cron, timezone } = job;
  const when = cron === undefined ? (delay === undefined ? `every ${interval} s` : 'once') : `${cron} (${timezone})`;
  const next = job.next_at === undefined ? '' : `next ${job.next_at}`;
  return [job.job_id, `${job.room}:${job.channel}`, when, job.status, `fired ${job.iteration}`, next]
    .join('  ')
    .trimEnd();
}

function print({ json }: Pick<ClientFlags, 'json'>, value: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text}\n`);
}

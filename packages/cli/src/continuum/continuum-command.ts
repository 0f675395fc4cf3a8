import type { Command } from 'commander';
import type { CommandResult } from '@arqonbus/protocol';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseJson } from '../client/parse-json.ts';
import { pagesOf } from '../client/pages-of.ts';
import { parseCount } from '../client/parse-count.ts';
import { withClient } from '../client/with-client.ts';

const EXAMPLES = `
Examples:
  arqon continuum status
  arqon continuum get planner e-7 --json
  arqon continuum list planner
  arqon continuum project - < event.json
  arqon continuum dlq list
  arqon continuum backfill --from 2026-11-20T00:00:00Z --dry-run
`;

interface ListFlags extends ClientFlags {
  readonly deleted: boolean;
  readonly limit?: number;
}

interface BackfillFlags extends ClientFlags {
  readonly from?: string;
  readonly to?: string;
  readonly agent?: string;
  readonly dryRun: boolean;
}

type Projection = CommandResult<'op.continuum.projector.list'>['items'][number];
type Counts = CommandResult<'op.continuum.projector.dlq.replay'>;

/** Adds `arqon continuum status`, `get`, `list`, `project`, `dlq` and `backfill`: episodes of agents, for administrators (CTM-3). */
export function addContinuumCommand(program: Command): void {
  const continuum = program.command('continuum').description('see and mend the projection of episodes');
  const add = (parent: Command, usage: string, about: string): Command =>
    addClientFlags(parent.command(usage).description(about));
  add(continuum, 'status', 'show how much there is, and how far behind').addHelpText('after', EXAMPLES).action(status);
  add(continuum, 'get <agent> <episode>', 'show an episode; exits with 1 where there is none').action(get);
  add(continuum, 'list [agent]', 'show episodes')
    .option('--deleted', 'deleted ones too', false)
    .option('--limit <n>', 'no more than these', parseCount)
    .action(list);
  add(continuum, 'project', 'project one event at once; exits with 1 where it cannot be')
    .argument('<event>', 'JSON; - reads it from standard input', parseJson)
    .action(project);
  add(continuum, 'backfill', 'project again what the stream holds')
    .option('--from <time>', 'events of this time and later')
    .option('--to <time>', 'events before this time')
    .option('--agent <agent>', 'of this agent alone')
    .option('--dry-run', 'only count what would become of them', false)
    .action(backfill);
  const dlq = continuum.command('dlq').description('events that could not be projected');
  add(dlq, 'list', 'show them with the reason').action(listDead);
  add(dlq, 'replay [letter]', 'try one again, or all of them').action(replayDead);
}

async function status(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.continuum.projector.status', {});
    const { projection_count: episodes, seen_event_count: seen, dlq_count: dead, lag_ms: lag } = result;
    print(flags, result, `${episodes} episodes, ${seen} events seen, ${dead} dead letters, ${lag} ms behind`);
  });
}

async function get(agent: string, episode: string, flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const result = await client.command('op.continuum.projector.get', { agent_id: agent, episode_id: episode });
    if (!result.found) process.exitCode = 1;
    const { projection } = result;
    if (flags.json || projection !== undefined)
      print(flags, result, projection === undefined ? '' : lineOf(projection));
    else process.stderr.write('arqon: there is no such episode\n');
  });
}

async function list(agent: string | undefined, flags: ListFlags): Promise<void> {
  const of = { ...(agent === undefined ? {} : { agent_id: agent }), deleted: flags.deleted };
  await withClient(flags, async (client) => {
    let left = flags.limit ?? Number.POSITIVE_INFINITY;
    for await (const page of pagesOf((more) => client.command('op.continuum.projector.list', { ...of, ...more }))) {
      for (const projection of page.items.slice(0, left)) print(flags, projection, lineOf(projection));
      left -= page.items.length;
      if (left <= 0) return;
    }
  });
}

async function project(value: unknown, flags: ClientFlags): Promise<void> {
  const event = value as Readonly<Record<string, unknown>>;
  await withClient(flags, async (client) => {
    const result = await client.command('op.continuum.projector.project_event', { event });
    const { status: outcome, reason = '', field = '', dead_letter_id: letter = '' } = result;
    if (outcome === 'dlq_queued') process.exitCode = 1;
    print(flags, result, [outcome, reason, field, letter].filter((part) => part !== '').join('  '));
  });
}

async function listDead(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    for await (const page of pagesOf((more) => client.command('op.continuum.projector.dlq.list', more))) {
      for (const letter of page.items) {
        const { dead_letter_id: id, at, reason, field = '', event_id: event = '' } = letter;
        print(flags, letter, `${id}  ${at}  ${reason}  ${field}  ${event}`.trimEnd());
      }
    }
  });
}

async function replayDead(letter: string | undefined, flags: ClientFlags): Promise<void> {
  const one = letter === undefined ? {} : { dead_letter_id: letter };
  await withClient(flags, async (client) => {
    const total = await countAll((more) => client.command('op.continuum.projector.dlq.replay', { ...one, ...more }));
    print(flags, total, describeCounts(total));
  });
}

async function backfill({ from, to, agent, dryRun, ...flags }: BackfillFlags): Promise<void> {
  const window = {
    ...(from === undefined ? {} : { from_ts: from }),
    ...(to === undefined ? {} : { to_ts: to }),
    ...(agent === undefined ? {} : { agent_id: agent }),
    dry_run: dryRun,
  };
  await withClient(flags, async (client) => {
    const total = await countAll((more) => client.command('op.continuum.projector.backfill', { ...window, ...more }));
    print(flags, { ...total, dry_run: dryRun }, `${dryRun ? 'would be: ' : ''}${describeCounts(total)}`);
  });
}

/** Adds up what page after page tells. */
async function countAll(ask: (more: { readonly cursor?: string }) => Promise<Counts>): Promise<Counts> {
  let total: Counts = { selected_count: 0, projected: 0, duplicates: 0, stale_rejected: 0, dlq_queued: 0 };
  for await (const page of pagesOf(ask)) {
    total = {
      selected_count: total.selected_count + page.selected_count,
      projected: total.projected + page.projected,
      duplicates: total.duplicates + page.duplicates,
      stale_rejected: total.stale_rejected + page.stale_rejected,
      dlq_queued: total.dlq_queued + page.dlq_queued,
    };
  }
  return total;
}

function describeCounts({
  selected_count: selected,
  projected,
  duplicates,
  stale_rejected: stale,
  dlq_queued: dead,
}: Counts): string {
  return `${selected} events: ${projected} projected, ${duplicates} duplicates, ${stale} stale, ${dead} dead letters`;
}

function lineOf({ agent_id: agent, episode_id: episode, source_ts: at, payload }: Projection): string {
  const ref = payload?.['content_ref'];
  return `${agent}  ${episode}  ${at}  ${typeof ref === 'string' ? ref : 'deleted'}`;
}

function print(flags: ClientFlags, result: unknown, text: string): void {
  process.stdout.write(`${flags.json ? JSON.stringify(result) : text}\n`);
}

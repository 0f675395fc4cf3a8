import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { addOperatorAddress, requireOperator } from '../client/operator-client.ts';
import type { OperatorFlags } from '../client/operator-client.ts';
import { withClient } from '../client/with-client.ts';
import { openPlatformTrail, openTenantTrail } from './trail-source.ts';
import type { TrailSource } from './trail-source.ts';
import { START, walkTrail } from './walk-trail.ts';
import type { ChainPlace, ListedRecord, Walk } from './walk-trail.ts';

const PAGE = 1_000;

interface TrailFlags extends ClientFlags, OperatorFlags {
  readonly platform: boolean;
}

interface ListFlags extends TrailFlags {
  readonly since?: string;
  readonly until?: string;
  readonly action?: string;
}

interface VerifyFlags extends TrailFlags {
  readonly expect?: ChainPlace;
}

/** Adds `arqon audit list` and `arqon audit verify` (AUD-2). */
export function addAuditCommand(program: Command): void {
  const audit = program.command('audit').description("what was done to the bus in the token's tenant; needs an admin");
  const listing = audit
    .command('list')
    .description('print the audit trail, oldest first')
    .option('--since <time>', 'from this time on, RFC 3339')
    .option('--until <time>', 'before this time')
    .option('--action <name>', 'this action alone, such as op.session.disconnect');
  addTrailFlags(listing).action(list);
  const verifying = audit
    .command('verify')
    .description('check every link of the audit trail; exit code 1 where it is broken')
    .option('--expect <seq:hash>', 'a last record that was noted elsewhere: the trail must still hold it', parsePlace);
  addTrailFlags(verifying).action(verify);
}

function addTrailFlags(command: Command): Command {
  addClientFlags(command).option('--platform', 'what is of no tenant: settings, refused tokens', false);
  return addOperatorAddress(command);
}

/** Opens the trail, does something with it, and closes. */
async function withTrail(flags: TrailFlags, work: (trail: TrailSource) => Promise<void>): Promise<void> {
  if (flags.platform) await work(openPlatformTrail(requireOperator(flags)));
  else await withClient(flags, async (client) => work(await openTenantTrail(client)));
}

async function list({ since, until, action, ...flags }: ListFlags): Promise<void> {
  const filter = {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(action === undefined ? {} : { action }),
  };
  await withTrail(flags, async (trail) => {
    for await (const record of recordsOf(trail, filter)) {
      const { seq, at, phase, actor, action: name, target, details } = record;
      const line = `${at} #${seq} ${phase.padEnd(6)} ${actor} ${name} ${target}${details === '{}' ? '' : ` ${details}`}`;
      process.stdout.write(`${flags.json ? JSON.stringify(record) : line}\n`);
    }
  });
}

/** The server compares with its checkpoints; whether the records are what they say is found out here. */
async function verify(flags: VerifyFlags): Promise<void> {
  await withTrail(flags, async (trail) => {
    const { tenant } = trail;
    const walk = await walkAll(trail, flags.expect);
    const server = await trail.verify();
    const found = server.ok ? undefined : { seq: server.first_broken ?? 0, problem: server.problem ?? '' };
    const broken = firstOf(walk.broken, found);
    const { seq, hash } = walk.last;
    const result = {
      ok: broken === undefined,
      checked: seq,
      compared: server.compared,
      ...(broken === undefined ? {} : { first_broken: broken.seq, problem: broken.problem }),
      last_seq: seq,
      last_hash: hash,
    };
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else if (broken === undefined)
      process.stdout.write(`The audit trail of ${tenant} is whole: ${words(walk.last)}.\n`);
    else
      process.stderr.write(
        `arqon: the audit trail of ${tenant} is broken at record ${broken.seq}: ${broken.problem}\n`,
      );
    if (broken !== undefined) process.exitCode = 1;
  });
}

async function walkAll(trail: TrailSource, expected: ChainPlace | undefined): Promise<Walk> {
  let walk = START;
  for await (const record of recordsOf(trail, {})) walk = walkTrail(walk, trail.tenant, [record], expected);
  if (walk.broken !== undefined || expected === undefined || walk.last.seq >= expected.seq) return walk;
  return { ...walk, broken: { seq: walk.last.seq + 1, problem: 'truncated' } };
}

/**
 * All records, page by page.
 *
 * @yields each record, oldest first.
 */
async function* recordsOf(trail: TrailSource, filter: object): AsyncGenerator<ListedRecord> {
  let cursor: string | undefined;
  do {
    const page = await trail.page({ ...filter, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    ({ cursor } = page);
  } while (cursor !== undefined);
}

function firstOf(one: Walk['broken'], other: Walk['broken']): Walk['broken'] {
  if (one === undefined || other === undefined) return one ?? other;
  return other.seq <= one.seq ? other : one;
}

function words({ seq, hash }: ChainPlace): string {
  return seq === 0 ? 'it holds nothing' : `${seq} records, the last one is ${seq}:${hash}`;
}

function parsePlace(text: string): ChainPlace {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === undefined) throw new InvalidArgumentError('a place is <seq>:<hash>, as `arqon audit verify` prints it.');
  return { seq: Number(seq), hash };
}

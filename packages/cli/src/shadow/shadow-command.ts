import { createInterface } from 'node:readline';
import type { ArqonClient } from '@arqonbus/sdk';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseCount } from '../client/parse-count.ts';
import { openClient } from '../client/with-client.ts';
import { parseCopy } from './parse-copy.ts';
import { compareSides, createSide } from './side.ts';
import type { Side } from './side.ts';

const EXAMPLES = `
Reads copies of live traffic, as examples/mirror-consumer prints them, and publishes the payload of each by both Shields, in a
tenant that was set aside for it, under the names of room and channel that it came with. Whatever the two answer and deliver
must be the same. What differs is told without showing payloads; exit code 1 where anything did, or nothing was compared.

Example, with a token of the tenant trial:
  node examples/mirror-consumer/dist/mirror-consumer.mjs | arqon shadow --tenant trial --limit 1000 \\
    --ws-url wss://bus.example.com/v1/socket --canary wss://canary.example.com/v1/socket
`;

interface ShadowFlags extends ClientFlags {
  readonly canary: string;
  readonly tenant: string;
  readonly limit: number;
}

/** Adds `arqon shadow`: two versions of the Shield under copies of the same traffic (DPL-3). */
export function addShadowCommand(program: Command): void {
  const command = program
    .command('shadow')
    .description('compare two Shields on copies of live traffic, read from standard input')
    .requiredOption(
      '--canary <url>',
      'address of the Shield that is tried; --ws-url is the one that it is compared with',
    )
    .requiredOption('--tenant <name>', 'the tenant that was set aside for it; it must be that of the token')
    .option('--limit <n>', 'end after so many copies', parseCount, 1_000_000_000)
    .addHelpText('after', EXAMPLES);
  addClientFlags(command).action(shadow);
}

async function shadow(flags: ShadowFlags): Promise<void> {
  const clients: ArqonClient[] = [];
  try {
    for (const wsUrl of [flags.wsUrl, flags.canary]) clients.push(await openClient({ ...flags, wsUrl }));
    for (const { state } of clients) refuseOtherTenant(state, flags.tenant);
    const [stable, canary] = clients.map((client) => createSide(client, flags.timeout));
    if (stable === undefined || canary === undefined) return;
    await compareAll(stable, canary, flags);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** What is published is heard by whoever is in those channels of the tenant. */
function refuseOtherTenant(state: ArqonClient['state'], tenant: string): void {
  const own = state.kind === 'connected' ? state.welcome.tenant : undefined;
  if (own !== tenant) throw new Error(`the token is of the tenant ${own ?? '?'}, and ${tenant} was set aside`);
}

async function compareAll(stable: Side, canary: Side, { limit, json }: ShadowFlags): Promise<void> {
  const times = { stable: [] as number[], canary: [] as number[] };
  const count = { compared: 0, different: 0, left_out: 0 };
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    const copy = parseCopy(line);
    if (copy === undefined) {
      count.left_out += 1;
      continue;
    }
    const { differences, stableMs, canaryMs } = await compareSides(stable, canary, copy.target, copy.payload);
    count.compared += 1;
    if (stableMs !== undefined) times.stable.push(stableMs);
    if (canaryMs !== undefined) times.canary.push(canaryMs);
    if (differences.length > 0) {
      count.different += 1;
      const { id, target } = copy;
      process.stdout.write(
        json ? `${JSON.stringify({ id, target, differences })}\n` : `${id} ${target}  ${differences.join('; ')}\n`,
      );
    }
    if (count.compared >= limit) break;
  }
  lines.close();
  const p50 = { stable_ms: medianOf(times.stable), canary_ms: medianOf(times.canary) };
  const text = `${count.compared} compared, ${count.different} different, ${count.left_out} lines left out; answered after ${p50.stable_ms} and ${p50.canary_ms} ms (p50)`;
  process.stdout.write(json ? `${JSON.stringify({ ...count, ...p50 })}\n` : `${text}\n`);
  if (count.different > 0 || count.compared === 0) process.exitCode = 1;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1));
}

import type { Command } from 'commander';
import { addClientFlags } from './client-flags.ts';
import type { ClientFlags } from './client-flags.ts';
import { withClient } from './with-client.ts';

/** Adds `arqon status`: the server, and the figures of the token's tenant. */
export function addStatusCommand(program: Command): void {
  const command = program.command('status').description("show the server and the figures of the token's tenant");
  addClientFlags(command).action(status);
}

async function status(flags: ClientFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const welcome = await client.connect();
    const figures = await client.command('status');
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(figures)}\n`);
      return;
    }
    const { server, connections, rooms, channels, messages } = figures;
    const rows: readonly (readonly [string, string])[] = [
      ['Server', `${server.version}, node ${server.node}, up ${server.uptime_s} s`],
      ['Tenant', `${welcome.tenant} (you are ${welcome.user})`],
      ['Connections', String(connections)],
      ['Rooms', `${rooms} with ${channels} channels`],
      ['Messages', `${messages.in} in, ${messages.out} out, at this Shield`],
    ];
    process.stdout.write(`${rows.map(([name, value]) => `${name.padEnd(12)} ${value}`).join('\n')}\n`);
  });
}

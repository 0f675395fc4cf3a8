import type { Command } from 'commander';
import { addTimeoutFlag } from './timeout-flag.ts';

/** What every command that talks to a running bus takes (CLI-2). */
export interface ClientFlags {
  readonly wsUrl: string;
  readonly jwt: string;
  readonly timeout: number;
  readonly json: boolean;
}

const DEFAULT_WS_URL = 'ws://127.0.0.1:9100/v1/socket';

/** Adds the common flags; their defaults come from the environment, which keeps tokens out of the list of processes. */
export function addClientFlags(command: Command): Command {
  const url = process.env['ARQONBUS_WS_URL'] ?? DEFAULT_WS_URL;
  command
    .option('--ws-url <url>', 'address of a Shield (ARQONBUS_WS_URL)', url)
    .option('--jwt <token>', 'token; better given as ARQONBUS_AUTH_JWT, where no list of processes shows it');
  return addTimeoutFlag(command).option('--json', 'print JSON for programs', false);
}

/** The token of a command; throws, with what to do, where there is none. */
export function tokenOf({ jwt }: Pick<ClientFlags, 'jwt'> | { readonly jwt?: string }): string {
  const token = jwt ?? process.env['ARQONBUS_AUTH_JWT'] ?? '';
  if (token === '')
    throw new Error('there is no token: set ARQONBUS_AUTH_JWT (`arqon token` makes one for development)');
  return token;
}

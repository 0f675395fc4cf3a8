import type { Command } from 'commander';
import { addTimeoutFlag } from './timeout-flag.ts';

/** Where the admin port of a running bus is, and what opens its routes (CLI-2). */
export interface OperatorFlags {
  readonly httpUrl?: string;
  readonly adminToken?: string;
  readonly timeout: number;
}

/** Asks a route of the operator's; the method is GET where none is named. Rejects with what the Shield says. */
export type AskOperator = (path: string, method?: string, body?: object) => Promise<Readonly<Record<string, unknown>>>;

/** Adds the flags; the environment keeps the token out of the list of processes. */
export function addOperatorFlags(command: Command): Command {
  return addTimeoutFlag(addOperatorAddress(command));
}

/** The same without `--timeout`, for a command that has it already. */
export function addOperatorAddress(command: Command): Command {
  return command
    .option('--http-url <url>', 'admin port of a Shield (ARQONBUS_HTTP_URL)')
    .option('--admin-token <token>', 'operator token; better given as ARQONBUS_HTTP_ADMIN_TOKEN');
}

/** Asks the Shield that flags or environment name; undefined where they name none. */
export function operatorOf(flags: OperatorFlags): AskOperator | undefined {
  const url = flags.httpUrl ?? process.env['ARQONBUS_HTTP_URL'] ?? '';
  const token = flags.adminToken ?? process.env['ARQONBUS_HTTP_ADMIN_TOKEN'] ?? '';
  if (url === '' || token === '') return undefined;
  return (path, method = 'GET', body) => request(new URL(path, url), { token, timeoutMs: flags.timeout }, method, body);
}

/** As {@link operatorOf}; throws, with what to do, where none is named. */
export function requireOperator(flags: OperatorFlags): AskOperator {
  const operator = operatorOf(flags);
  if (operator === undefined)
    throw new Error('which bus? give --http-url and --admin-token, or ARQONBUS_HTTP_URL and ARQONBUS_HTTP_ADMIN_TOKEN');
  return operator;
}

async function request(
  url: URL,
  { token, timeoutMs }: { readonly token: string; readonly timeoutMs: number },
  method: string,
  body: object | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new Error(`no Shield can be reached at ${url.origin}`, { cause });
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  if (response.ok) return answer;
  const { error } = answer;
  throw new Error(typeof error === 'string' ? error : `the Shield answers ${response.status}`);
}

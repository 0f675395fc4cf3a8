import type { SettingKey } from '@arqonbus/config';
import type { Command } from 'commander';
import { addTimeoutFlag } from '../client/timeout-flag.ts';

/** Where the settings of a running bus are, and what opens them (CLI-2). */
export interface SettingsFlags {
  readonly httpUrl?: string;
  readonly adminToken?: string;
  readonly timeout: number;
}

/** A setting of run time as a Shield tells it. */
export interface LiveSetting {
  readonly key: SettingKey;
  readonly value: unknown;
  readonly configured: unknown;
  /** RFC 3339; absent = it is as configured. */
  readonly changed_at?: string;
  readonly changed_by?: string;
}

/** The settings of a running bus. Every call rejects with what the Shield says. */
export interface SettingsClient {
  list(): Promise<readonly LiveSetting[]>;
  set(key: string, value: string): Promise<void>;
  /** False where nothing had been changed. */
  reset(key: string): Promise<boolean>;
}

/** Adds the flags; the environment keeps the token out of the list of processes. */
export function addSettingsFlags(command: Command): Command {
  command
    .option('--http-url <url>', 'admin port of a Shield (ARQONBUS_HTTP_URL)')
    .option('--admin-token <token>', 'operator token; better given as ARQONBUS_HTTP_ADMIN_TOKEN');
  return addTimeoutFlag(command);
}

/** A client for the Shield that flags or environment name; undefined where they name none. */
export function settingsClientOf(flags: SettingsFlags): SettingsClient | undefined {
  const url = flags.httpUrl ?? process.env['ARQONBUS_HTTP_URL'] ?? '';
  const token = flags.adminToken ?? process.env['ARQONBUS_HTTP_ADMIN_TOKEN'] ?? '';
  if (url === '' || token === '') return undefined;
  const ask = (path: string, method = 'GET', body?: object): Promise<Readonly<Record<string, unknown>>> =>
    request(new URL(`/settings${path}`, url), { token, timeoutMs: flags.timeout }, method, body);
  return {
    list: async () => (await ask(''))['settings'] as readonly LiveSetting[],
    set: async (key, value) => void (await ask(`/${encodeURIComponent(key)}`, 'PUT', { value })),
    reset: async (key) => (await ask(`/${encodeURIComponent(key)}`, 'DELETE'))['reset'] === true,
  };
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

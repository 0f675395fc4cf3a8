import { createDevelopmentIssuer } from '@arqonbus/auth';
import type { Role } from '@arqonbus/auth';
import { parseConfig } from '@arqonbus/config';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';

interface TokenFlags {
  readonly user: string;
  readonly tenant: string;
  readonly role: Role;
  readonly name?: string;
  readonly ttl: number;
  readonly json: boolean;
}

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Adds `arqon token`: a token signed with the shared secret, for development and tests (AUT-3). */
export function addTokenCommand(program: Command): void {
  program
    .command('token')
    .description('make a token with the secret in ARQONBUS_AUTH_JWT_SECRET (or …_FILE), for development and tests')
    .requiredOption('--user <user>', 'whom it is for (sub)')
    .requiredOption('--tenant <tenant>', 'tenant (tenant_id)')
    .addOption(new Option('--role <role>').choices(['guest', 'user', 'moderator', 'admin']).default('user'))
    .option('--name <name>', 'the name that others see')
    .option('--ttl <span>', 'how long it lives: 90s, 15m, 12h, 7d', parseSpan, UNITS_MS.h)
    .option('--json', 'print JSON for programs', false)
    .addHelpText('after', '\nExample:\n  export ARQONBUS_AUTH_JWT=$(arqon token --user alice --tenant acme)\n')
    .action(token);
}

async function token({ user, tenant, role, name, ttl, json }: TokenFlags): Promise<void> {
  const issuer = createDevelopmentIssuer({ secret: readSecret(), now: Date.now });
  const issued = await issuer.issue({ user, tenant, role, ttlMs: ttl, ...(name === undefined ? {} : { name }) });
  const expiresAt = new Date(Date.now() + ttl).toISOString();
  process.stdout.write(json ? `${JSON.stringify({ token: issued, expires_at: expiresAt })}\n` : `${issued}\n`);
}

function readSecret(): string {
  const result = parseConfig({ env: process.env });
  if (!result.ok) throw new Error(result.problems.map(({ key, problem }) => `${key} ${problem}`).join('; '));
  const { jwtSecret } = result.config.auth;
  if (jwtSecret === '')
    throw new Error('there is no secret: set ARQONBUS_AUTH_JWT_SECRET (`arqon auth gen` makes one)');
  return jwtSecret;
}

function parseSpan(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS_MS[unit as keyof typeof UNITS_MS] ?? 0);
  if (ms === 0) throw new InvalidArgumentError('a span is a number and s, m, h or d, such as 12h.');
  return ms;
}

import { createDevelopmentIssuer } from '@arqonbus/auth';
import type { Role } from '@arqonbus/auth';
import { parseConfig } from '@arqonbus/config';
import { Option } from 'commander';
import type { Command } from 'commander';
import { parseSpan } from '../client/parse-span.ts';

interface TokenFlags {
  readonly user: string;
  readonly tenant: string;
  readonly role: Role;
  readonly name?: string;
  readonly ttl: number;
  readonly json: boolean;
}

const HOUR_MS = 3_600_000;

/** Adds `arqon token`: a token signed with the shared secret, for development and tests (AUT-3). */
export function addTokenCommand(program: Command): void {
  program
    .command('token')
    .description('make a token with the secret in ARQONBUS_AUTH_JWT_SECRET (or …_FILE), for development and tests')
    .requiredOption('--user <user>', 'whom it is for (sub)')
    .requiredOption('--tenant <tenant>', 'tenant (tenant_id)')
    .addOption(new Option('--role <role>').choices(['guest', 'user', 'moderator', 'admin']).default('user'))
    .option('--name <name>', 'the name that others see')
    .option('--ttl <span>', 'how long it lives: 90s, 15m, 12h, 7d', parseSpan, HOUR_MS)
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

import { SYSTEM_TENANT } from '@arqonbus/protocol';
import type { CommandResult } from '@arqonbus/protocol';
import type { ArqonClient } from '@arqonbus/sdk';
import type { AskOperator } from '../client/operator-client.ts';

type Page = CommandResult<'op.audit.list'>;
type Verdict = CommandResult<'op.audit.verify'>;

/** Where a chain of the audit trail is read. */
export interface TrailSource {
  /** Whose chain it is. */
  readonly tenant: string;
  page(filter: object): Promise<Page>;
  /** What the server says of the chain. */
  verify(): Promise<Verdict>;
}

/** The chain of the tenant of a connected client. */
export async function openTenantTrail(client: ArqonClient): Promise<TrailSource> {
  const { tenant } = await client.connect();
  return {
    tenant,
    page: (filter) => client.command('op.audit.list', filter),
    verify: () => client.command('op.audit.verify'),
  };
}

/** The chain of the platform, at the admin port of a Shield. */
export function openPlatformTrail(operator: AskOperator): TrailSource {
  return {
    tenant: SYSTEM_TENANT,
    page: async (filter) => (await operator('/audit/list', 'POST', filter)) as unknown as Page,
    verify: async () => (await operator('/audit/verify', 'POST', {})) as unknown as Verdict,
  };
}

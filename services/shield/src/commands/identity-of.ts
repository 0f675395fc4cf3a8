import type { Principal } from '@arqonbus/auth';
import type { BrainRequest } from '@arqonbus/spine';

/** Whose rights count where the Brain does something for a session later, or at another Shield: as services tell it to each other. */
export function identityOf({
  tenant: tenantId,
  user,
  role,
  permissions,
  capabilities,
  name,
}: Principal): NonNullable<BrainRequest<'cron.schedule'>['principal']> {
  return { tenantId, user, role, permissions: [...permissions], capabilities: [...capabilities], name };
}

import { ROLES } from '@arqonbus/auth';
import type { Permission, Principal } from '@arqonbus/auth';
import type { TenantId, UserId } from '@arqonbus/protocol';
import type { WebhookDelivery, WebhookRecord } from '@arqonbus/protocol/spine-messages';
import type { SessionRights } from '@arqonbus/runtime';

/** What administrators alone are told of, wherever it happens. */
const FOR_ADMINISTRATORS: ReadonlySet<string> = new Set(['casil', 'disconnect']);

/**
 * Says whether a webhook may be told of something now: its owner must be able to join there, by role, token and grants as they
 * are. So whose grant is taken away hears nothing more, by socket or by webhook (WHK-1, PRM-3).
 */
export function createDeliveryJudge(
  rights: Pick<SessionRights, 'of'>,
): (hook: WebhookRecord, tenant: TenantId, delivery: WebhookDelivery) => boolean {
  return (hook, tenant, { event }) => {
    const principal = principalOf(hook, tenant);
    if (principal === undefined || event === undefined) return false;
    const isAdmin = principal.role === 'admin';
    if (event.room === '' || FOR_ADMINISTRATORS.has(event.type)) return isAdmin;
    const { room, channel } = event;
    const { may } = rights.of(principal);
    return may('join', room, channel) && (event.type !== 'presence' || may('presence', room, channel));
  };
}

/** Undefined where the record says nothing that can be believed. */
function principalOf(hook: WebhookRecord, tenant: TenantId): Principal | undefined {
  const role = ROLES.find((known) => known === hook.role);
  const permissions = permissionsOf(hook.permissions);
  if (role === undefined || permissions === undefined) return undefined;
  const { owner, capabilities } = hook;
  return { tenant, user: owner as UserId, role, permissions, capabilities, name: '', expiresAtMs: 0 };
}

/** They were checked when the token was; only Brains write them. */
function permissionsOf(bytes: Uint8Array): readonly Permission[] | undefined {
  try {
    return bytes.length === 0 ? [] : (JSON.parse(new TextDecoder().decode(bytes)) as readonly Permission[]);
  } catch {
    return undefined;
  }
}

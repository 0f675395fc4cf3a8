import { compilePattern, isName, isUserId } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ACTIONS } from '../access/permission.ts';
import type { Action, Permission } from '../access/permission.ts';
import { ROLES } from '../access/role.ts';
import type { Role } from '../access/role.ts';
import type { Principal } from '../authenticator.ts';

const MAX_NAME_CHARACTERS = 128;
const MAX_CAPABILITIES = 128;
/** The latest time that JavaScript dates know, ms. */
const MAX_TIME_MS = 8.64e15;

type Claims = Readonly<Record<string, unknown>>;

/** Makes a principal of verified claims (AUT-2, SPN-7); a text is the fixed reason for refusing them. */
export function parseTokenClaims(claims: Claims): Principal | string {
  const {
    sub,
    tenant_id: tenant,
    exp,
    role: roleClaim,
    permissions: permissionsClaim,
    capabilities,
    name = '',
  } = claims;
  if (typeof sub !== 'string' || !isUserId(sub)) return 'malformed_sub';
  if (typeof tenant !== 'string' || !isName(tenant)) return 'malformed_tenant';
  if (typeof exp !== 'number' || !(Math.abs(exp) * 1_000 <= MAX_TIME_MS)) return 'malformed_exp';
  const role = parseRole(roleClaim);
  if (role === undefined) return 'unknown_role';
  const permissions = parsePermissions(permissionsClaim);
  if (permissions === undefined) return 'malformed_permissions';
  if (!isCapabilities(capabilities)) return 'malformed_capabilities';
  if (!isDisplayName(name)) return 'malformed_name';
  return {
    tenant: tenant as TenantId,
    user: sub,
    role,
    permissions,
    capabilities: capabilities ?? [],
    name,
    expiresAtMs: Math.floor(exp * 1_000),
  };
}

function parseRole(value: unknown): Role | undefined {
  return value === undefined ? 'user' : ROLES.find((role) => role === value);
}

function parsePermissions(value: unknown): readonly Permission[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return undefined;
  const permissions = value.map(parsePermission);
  return permissions.every((permission) => permission !== undefined) ? permissions : undefined;
}

/** Members that we do not know could narrow the permission (an expiry, a subject), so they refuse it. */
function parsePermission(value: unknown): Permission | undefined {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 3) return undefined;
  const { action, pattern, effect } = value as Claims;
  if (!isPermittedAction(action) || (effect !== 'allow' && effect !== 'deny')) return undefined;
  if (typeof pattern !== 'string' || compilePattern(pattern) === undefined) return undefined;
  return { action, pattern, effect };
}

function isPermittedAction(value: unknown): value is Action | '*' {
  return value === '*' || ACTIONS.some((action) => action === value);
}

function isCapabilities(value: unknown): value is readonly string[] | undefined {
  if (value === undefined) return true;
  return Array.isArray(value) && value.length <= MAX_CAPABILITIES && value.every(isCapability);
}

function isCapability(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && isDisplayName(value);
}

/** Control characters would travel on to logs and terminals. */
function isDisplayName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME_CHARACTERS && !/\p{Cc}/u.test(value);
}

import type { TenantId } from './brands.ts';

/** What belongs to the platform and no tenant, such as changes of settings: no token can name it, for it is no name. */
export const SYSTEM_TENANT: TenantId = '_system' as TenantId;

import { SYSTEM_TENANT } from '@arqonbus/protocol';
import type { Limits, TenantId } from '@arqonbus/protocol';
import type { KeyValue, Spine } from '@arqonbus/spine';
import type { Audit, GovernanceAction } from '../audit/audit.ts';
import { parseRequester, parseText, parseTraceId } from '../requests/parse-request.ts';

/** What keeping schemas needs. */
export interface SchemasParts {
  readonly spine: Spine;
  /** `ARQON_SCHEMAS`, which every Shield watches. */
  readonly bucket: KeyValue;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly audit: Audit;
  /** Read each time. */
  readonly limits: Pick<Limits, 'schemasPerTenant' | 'schemaBytesPerTenant' | 'schemaBindingsPerTenant'>;
  readonly pageBytes: number;
  /** Gets who changed what, and none of the schemas. */
  readonly logger: { info(fields: Readonly<Record<string, unknown>>, text: string): void } | undefined;
}

/** Who asks for a change, and for whom. */
export interface ChangeRequest {
  readonly requestedBy: string;
  readonly traceId: string;
}

/** How the audit trail names a change; the space that all tenants read is changed by the operator, from an address. */
export function actionOf(
  action: string,
  tenant: TenantId,
  target: string,
  { requestedBy, traceId }: ChangeRequest,
): GovernanceAction {
  const actor =
    tenant === SYSTEM_TENANT
      ? `operator:${parseText(requestedBy, MAX_ADDRESS_LENGTH, 'origin of the change')}`
      : parseRequester(requestedBy);
  return { tenant, actor, action, target, traceId: parseTraceId(traceId) };
}

const MAX_ADDRESS_LENGTH = 64;

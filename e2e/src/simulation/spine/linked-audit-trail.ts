import type { AuditTrail } from '@arqonbus/spine';
import type { HubLink } from './hub-link.ts';

const TIMEOUT_MS = 1_500;

/** The audit trail as one Brain sees it: that of the hub, at the other end of a link. */
export function createLinkedAuditTrail(link: HubLink): AuditTrail {
  const { hub } = link;
  return {
    append: (tenant, data, expectedPosition) => {
      const copy = data.slice();
      return link.ask(() => hub.auditTrail.append(tenant, copy, expectedPosition), TIMEOUT_MS);
    },
    head: (tenant) => link.ask(() => hub.auditTrail.head(tenant), TIMEOUT_MS),
    read: (tenant, range) => link.ask(() => hub.auditTrail.read(tenant, range), TIMEOUT_MS),
  };
}

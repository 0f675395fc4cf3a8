import { PARTITIONS, stableHash } from '@arqonbus/spine';

/** The partition that a webhook's further attempts belong to. */
export function retryPartition(tenant: string, webhookId: string): number {
  return stableHash(`${tenant}/${webhookId}`) % PARTITIONS;
}

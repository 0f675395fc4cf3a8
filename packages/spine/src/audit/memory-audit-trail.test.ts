import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { describeAuditTrail } from './audit-trail.contract.ts';
import { createMemoryAuditTrail } from './memory-audit-trail.ts';

describeAuditTrail('in memory', async () => {
  const trail = createMemoryAuditTrail({ maxBytes: 1_048_576 });
  return { near: trail, far: trail, close: async () => undefined };
});

describe('the audit trail in memory', () => {
  it('[PRD-5] [AUD-2] refuses what is too much, and loses nothing of what it has', async () => {
    const trail = createMemoryAuditTrail({ maxBytes: 100 });
    const acme = 'acme' as TenantId;
    const position = await trail.append(acme, new Uint8Array(60), 0);
    const tooMuch = trail.append('globex' as TenantId, new Uint8Array(60), 0);
    await expect(tooMuch).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await trail.append(acme, new Uint8Array(40), position)).toBeGreaterThan(position);
    expect(await trail.read(acme, { afterPosition: 0, limit: 9, maxBytes: 999 })).toHaveLength(2);
  });
});

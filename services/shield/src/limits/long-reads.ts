import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';

/** Bounds what reading much of the log at once may cost: room-wide history and replays. */
export interface LongReads {
  /** Runs one; throws `RATE_LIMITED` while the session or its tenant has as many under way as it may. */
  run<T>(session: Session, read: () => Promise<T>): Promise<T>;
}

/** Long reads of one session at once. */
export const LONG_READS_PER_SESSION = 2;
/** Long reads of one tenant at once, on this Shield. */
export const LONG_READS_PER_TENANT = 32;
const RETRY_AFTER_MS = 1_000;

/** None under way. */
export function createLongReads(): LongReads {
  const bySession = new Map<Session, number>();
  const byTenant = new Map<TenantId, number>();
  return {
    run: async (session, read) => {
      const ofSession = bySession.get(session) ?? 0;
      const ofTenant = byTenant.get(session.tenant) ?? 0;
      if (ofSession >= LONG_READS_PER_SESSION || ofTenant >= LONG_READS_PER_TENANT) {
        throw new BusError('RATE_LIMITED', 'Too many reads of the log are under way.', {
          details: { retry_after_ms: RETRY_AFTER_MS },
        });
      }
      bySession.set(session, ofSession + 1);
      byTenant.set(session.tenant, ofTenant + 1);
      try {
        return await read();
      } finally {
        release(bySession, session);
        release(byTenant, session.tenant);
      }
    },
  };
}

function release<K>(counts: Map<K, number>, key: K): void {
  const left = (counts.get(key) ?? 1) - 1;
  if (left === 0) counts.delete(key);
  else counts.set(key, left);
}

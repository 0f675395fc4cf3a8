import { createRights } from '@arqonbus/auth';
import type { TenantId, UserId } from '@arqonbus/protocol';
import type { LogFields, Logger } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { EdgeSession } from '../edge/edge-session.ts';
import { createFloodHolds } from '../limits/flood-holds.ts';
import { createCutFlooder } from './cut-flooder.ts';
import { createTestClock, createTestEnvelopes, createTestSession, testSend } from './session-rig.ts';

function createRig() {
  const clock = createTestClock();
  const logged: LogFields[] = [];
  const logger = { warn: (fields: LogFields) => void logged.push(fields) } as unknown as Logger;
  const floodHolds = createFloodHolds(() => clock.monotonicMs());
  const envelopes = createTestEnvelopes(clock);
  const cutFlooder = createCutFlooder({ floodHolds, envelopes, send: testSend, logger });
  return { clock, logged, floodHolds, cutFlooder };
}

describe('cutting a flooder', () => {
  it('[PRT-23] says how long it is held off, then closes 4429, once', () => {
    const { cutFlooder, floodHolds } = createRig();
    const { session, connection } = createTestSession();
    for (let i = 0; i < 2; i++) cutFlooder(session);
    expect(connection.envelopes()).toMatchObject([{ type: 'error', errorCode: 'RATE_LIMITED', requestId: '' }]);
    expect(connection.payloads()).toEqual([{ retry_after_ms: 1_000 }]);
    expect(connection.closeCode).toBe(4429);
    const { tenant, user, remoteIp: ip } = session;
    expect(floodHolds.remainingMs({ tenant, user, ip }, 'token')).toBe(1_000);
  });

  it('[PRT-23] [TEL-1] is logged once for each hold, without who it is', () => {
    const { cutFlooder, clock, logged } = createRig();
    const cut = (): string => {
      const { session } = createTestSession();
      cutFlooder(session);
      return session.clientId;
    };
    const first = cut();
    cut();
    clock.advance(1_000);
    const third = cut();
    expect(logged).toEqual([
      { event: 'flooder_held_off', tenant: 'acme', client_id: first, for_ms: 1_000 },
      { event: 'flooder_held_off', tenant: 'acme', client_id: third, for_ms: 8_000 },
    ]);
  });

  it('[ARC-15] does nothing where a service asks for somebody without a connection: its one reply has been given', () => {
    const { cutFlooder, floodHolds } = createRig();
    const replies: Uint8Array[] = [];
    const { session } = createTestSession();
    cutFlooder(
      new EdgeSession({
        principal: { ...session.principal, tenant: 'acme' as TenantId, user: 'ada' as UserId },
        rights: createRights('user', [], { accessDefault: 'open' }),
        tenantState: session.tenantState,
        sender: 'bridge:ada',
        serviceMetadata: undefined,
        nowMs: 0,
        monotonicMs: 0,
        onReply: (reply) => replies.push(reply),
      }),
    );
    expect([replies, floodHolds.size()]).toEqual([[], 0]);
  });
});

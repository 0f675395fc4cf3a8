import type { ClientId, MessageId, TenantId, UserId } from '@arqonbus/protocol';
import { TelemetryEventSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { createLocalSpine, evt } from '@arqonbus/spine';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createTestClock, turn } from '../session/session-rig.ts';
import { activityEventNames, activityRates, floodRate } from './activity-events.ts';
import { createActivity } from './activity.ts';
import type { Actor } from './activity.ts';

function createRig() {
  const clock = createTestClock();
  const spine = createLocalSpine();
  const metrics = createMetrics();
  const activity = createActivity({ spine, clock, metrics, nextMessageId: () => 'arq_01JQ8X3YV4' as MessageId });
  const heard: object[] = [];
  const listen = (tenant: string): void => {
    for (const type of activityEventNames) {
      spine.subscribe(evt(tenant as TenantId, type), ({ data }) => {
        const event = fromBinary(TelemetryEventSchema, data);
        const fields = JSON.parse(new TextDecoder().decode(event.fields)) as object;
        heard.push({ type: event.type, tenant: event.tenant, atMs: Number(event.atMs), ...fields });
      });
    }
  };
  return { clock, spine, metrics, activity, heard, listen };
}

function actor(tenant = 'acme'): Actor {
  return { tenant: tenant as TenantId, user: 'auth0|5f7c8ec7' as UserId, clientId: 'n0a1b2c3d4e5f_7' as ClientId };
}

const blocked = {
  kind: 'block',
  stage: 'authorize',
  code: 'NOT_SUBSCRIBED',
  reason: 'publish',
  errors: [],
  retryAfterMs: 0,
  traceId: '',
} as const;
const tooMany = { ...blocked, stage: 'rate', code: 'RATE_LIMITED', reason: 'messages', retryAfterMs: 9 } as const;

describe('activity', () => {
  it('[TEL-4] tells what happens to sessions as ids, codes and names, on subjects of the tenant', async () => {
    const { clock, activity, heard, listen } = createRig();
    listen('acme');
    activity.connected(actor());
    activity.disconnected(actor(), 1001);
    activity.commandExecuted(actor(), 'join_channel');
    activity.messageBlocked(actor(), { ...blocked, errors: [{ field: 'payload.password', problem: 'hunter2' }] });
    activity.sessionEnded(actor(), 'BANNED');
    activity.channelCreated(actor(), { room: 'lab', channel: 'new' });
    activity.presence(actor(), 'leave', { room: 'lab', channel: 'new' });
    activity.channelDeleted(actor(), { room: 'lab', channel: 'new' });
    // What observes is not observed (PRT-26).
    activity.presence(actor(), 'join', { room: 'integriguard', channel: 'telemetry-stream' });
    activity.connected(actor('globex'));
    await turn();
    const base = { tenant: 'acme', atMs: clock.now(), client_id: 'n0a1b2c3d4e5f_7', user: 'auth0|5f7c8ec7' };
    expect(heard).toEqual([
      { ...base, type: 'client_connected' },
      { ...base, type: 'client_disconnected', code: 1001 },
      { ...base, type: 'command_executed', command: 'join_channel' },
      { ...base, type: 'message_blocked', stage: 'authorize', code: 'NOT_SUBSCRIBED', reason: 'publish' },
      { ...base, type: 'security_violation', code: 'BANNED' },
      { ...base, type: 'channel_created', room: 'lab', channel: 'new' },
      { ...base, type: 'presence', action: 'leave', room: 'lab', channel: 'new' },
      { ...base, type: 'channel_deleted', room: 'lab', channel: 'new' },
    ]);
  });

  it('[TEL-4] [PRT-23] is bounded by tenant and event, and counts what it does not tell', async () => {
    const { clock, metrics, activity, heard, listen } = createRig();
    listen('acme');
    listen('globex');
    for (let n = 0; n < activityRates.message_blocked + 7; n++) activity.messageBlocked(actor(), blocked);
    activity.messageBlocked(actor('globex'), blocked);
    activity.sessionEnded(actor(), 'BANNED');
    await turn();
    expect(heard).toHaveLength(activityRates.message_blocked + 2);
    expect(metrics.render()).toContain('arqonbus_activity_dropped_total{event="message_blocked"} 7');
    activity.sweep();
    activity.messageBlocked(actor(), blocked);
    clock.advance(1_000);
    activity.sweep();
    activity.messageBlocked(actor(), blocked);
    await turn();
    expect(heard).toHaveLength(activityRates.message_blocked + 3);
  });

  it('[TEL-4] [PRT-23] tells of a flood bit by bit, and of what else is refused meanwhile all the same', async () => {
    const { clock, metrics, activity, heard, listen } = createRig();
    listen('acme');
    const flood = async (ms: number): Promise<number> => {
      heard.length = 0;
      for (let n = 0; n < ms; n++) {
        for (let m = 0; m < 5; m++) activity.messageBlocked(actor(), tooMany);
        clock.advance(1);
      }
      await turn();
      return heard.length;
    };
    expect(await flood(1)).toBe(floodRate.atOnce);
    activity.messageBlocked(actor(), blocked);
    await turn();
    expect(heard.slice(floodRate.atOnce)).toMatchObject([{ stage: 'authorize', code: 'NOT_SUBSCRIBED' }]);
    expect(await flood(1_000)).toBe(floodRate.perSecond);
    expect(metrics.render()).toContain('arqonbus_activity_dropped_total{event="message_blocked"} 4990');
    clock.advance(1_000);
    activity.sweep();
    expect(await flood(1)).toBe(floodRate.atOnce);
  });

  it('[TEL-4] does not harm sessions when the Spine is away', async () => {
    const { metrics, spine, activity } = createRig();
    await spine.close();
    activity.connected(actor());
    expect(metrics.render()).toContain('arqonbus_activity_dropped_total{event="client_connected"} 1');
  });
});

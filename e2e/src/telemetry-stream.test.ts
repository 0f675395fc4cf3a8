import { connectRaw } from '@arqonbus/testkit';
import type { ConnectRawOptions, RawSocket } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import type { Bus } from './harness/start-bus.ts';
import { startBus } from './harness/start-bus.ts';

const busOn = busOnEach(roomyLimits);

interface Told {
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

function knock(bus: Bus, options: Omit<ConnectRawOptions, 'port'>): Promise<RawSocket> {
  return connectRaw({ ...options, port: Number(new URL(bus.telemetryUrl).port) });
}

async function follow(bus: Bus, tenant: string): Promise<RawSocket> {
  const token = await bus.token({ tenant, user: 'root', role: 'admin' });
  const socket = await knock(bus, { headers: { authorization: `Bearer ${token}` }, protocols: ['arqon.v1.json'] });
  expect(socket.status).toBe(101);
  expect(await next(socket)).toMatchObject({ type: 'system', payload: { event: 'telemetry_welcome', tenant } });
  return socket;
}

async function next(socket: RawSocket, fits: (told: Told) => boolean = () => true): Promise<Told> {
  const read = ({ payload }: { readonly payload: Uint8Array }): Told =>
    JSON.parse(Buffer.from(payload).toString()) as Told;
  return read(await socket.next((frame) => frame.opcode === 1 && fits(read(frame))));
}

test.for(listeners)(
  '[TEL-4] [AUT-4] an administrator sees what goes on in the own tenant alone (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const [acme, globex] = [await follow(bus, 'acme'), await follow(bus, 'globex')];
    const alice = await bus.connect({ user: 'alice' });
    const ids = { client_id: alice.clientId, user: 'alice' };
    expect(await next(acme)).toMatchObject({ type: 'telemetry', payload: { eventType: 'client_connected', ...ids } });
    await alice.must('join_channel', { room: 'science', channel: 'general' });
    const place = { room: 'science', channel: 'general' };
    expect((await next(acme)).payload).toEqual({ eventType: 'presence', ...ids, action: 'join', ...place });
    expect((await next(acme)).payload).toEqual({ eventType: 'command_executed', ...ids, command: 'join_channel' });
    // The accepted one is no event; the refused one is, without a word of what it said.
    await alice.publish('science:general', 'hunter2');
    await alice.publish('science:design', 'hunter2');
    const blocked = await next(acme);
    expect(blocked.payload).toEqual({
      eventType: 'message_blocked',
      ...ids,
      stage: 'authorize',
      code: 'NOT_SUBSCRIBED',
      reason: expect.any(String),
    });
    alice.socket.sendClose(1000);
    expect((await next(acme)).payload).toEqual({ eventType: 'client_disconnected', ...ids, code: 1000 });
    // Everything that acme did lies before this, in any order of the two tenants.
    const bob = await bus.connect({ tenant: 'globex', user: 'bob' });
    expect((await next(globex)).payload).toEqual({
      eventType: 'client_connected',
      client_id: bob.clientId,
      user: 'bob',
    });
    expect(acme.pending()).toBe(0);
    for (const end of [alice.end, bob.end, acme.destroy, globex.destroy]) end();
  },
);

test.for(listeners)('[TEL-4] [AUT-5] tells of a ban, and what was not asked for stays away (%s)', async (listener) => {
  const bus = busOn(listener);
  const socket = await follow(bus, 'initech');
  socket.sendText(JSON.stringify({ type: 'subscribe', id: 'arq_filter-1', events: ['security_violation'] }));
  expect(await next(socket)).toMatchObject({
    type: 'response',
    request_id: 'arq_filter-1',
    payload: { events: ['security_violation'] },
  });
  const mallory = await bus.connect({ tenant: 'initech', user: 'mallory' });
  const admin = await bus.connect({ tenant: 'initech', user: 'boss', role: 'admin' });
  await admin.must('op.session.disconnect', { user: 'mallory', reason: 'hunter2', ban_for_ms: 60_000 });
  const ids = { client_id: mallory.clientId, user: 'mallory' };
  expect((await next(socket)).payload).toEqual({ eventType: 'security_violation', ...ids, code: 'BANNED' });
  expect((await mallory.closed()).code).toBe(4403);
  for (const end of [mallory.end, admin.end, socket.destroy]) end();
});

test.for(listeners)(
  '[TEL-4] [PRT-26] tells of channels and members, and the same in integriguard:telemetry-stream (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const tenant = 'umbrella';
    const socket = await follow(bus, tenant);
    const admin = await bus.connect({ tenant, user: 'boss', role: 'admin' });
    await admin.must('join_channel', { room: 'integriguard', channel: 'telemetry-stream' });
    await admin.must('join_channel', { room: 'integriguard', channel: 'dashboard-events' });
    const agent = await bus.connect({ tenant, user: 'robot', role: 'admin' }, 'client_type=ai-agent');
    const ids = { client_id: agent.clientId, user: 'robot' };
    const place = { room: 'lab', channel: `made-${listener}` };
    await agent.must('create_channel', place);
    await agent.must('join_channel', place);
    await agent.must('leave_channel', place);
    await agent.must('delete_channel', place);
    const told = [
      { eventType: 'channel_created', ...ids, ...place },
      { eventType: 'presence', ...ids, action: 'join', ...place },
      { eventType: 'presence', ...ids, action: 'leave', ...place },
      { eventType: 'channel_deleted', ...ids, ...place },
    ];
    for (const event of told) {
      const isIt = ({ payload }: Pick<Told, 'payload'>): boolean =>
        payload['eventType'] === event.eventType && payload['client_id'] === agent.clientId;
      expect((await next(socket, isIt)).payload).toEqual(event);
      // Two frames of one event, in two channels of the reserved room.
      const seen = await admin.next((frame) => frame.type === 'telemetry' && isIt(frame));
      expect(seen).toMatchObject({ room: 'integriguard', channel: 'telemetry-stream', payload: event });
      const { eventType: activity, ...fields } = event;
      const doing = await admin.next(({ payload }) => payload['activity'] === activity);
      expect(doing).toMatchObject({
        room: 'integriguard',
        channel: 'dashboard-events',
        payload: { eventType: 'agent_activity', activity, client_type: 'ai-agent', ...fields },
      });
    }
    const people = await bus.connect({ tenant, user: 'grace' });
    await people.must('join_channel', { room: 'lab', channel: `by-people-${listener}` });
    expect((await next(socket, ({ payload }) => payload['eventType'] === 'channel_created')).payload).toEqual({
      eventType: 'channel_created',
      client_id: people.clientId,
      user: 'grace',
      room: 'lab',
      channel: `by-people-${listener}`,
    });
    await agent.must('join_channel', { room: 'lab', channel: `by-people-${listener}` });
    // Nothing of a person comes before what the agent did after it.
    const after = await admin.next(
      ({ payload }) =>
        payload['eventType'] === 'agent_activity' &&
        payload['action'] === 'join' &&
        payload['channel'] !== place.channel,
    );
    expect(after.payload).toMatchObject(ids);
    for (const end of [admin.end, agent.end, people.end, socket.destroy]) end();
  },
);

test.for(listeners)('[TEL-4] [PRT-2] lets nobody else in, and says why (%s)', async (listener) => {
  const bus = busOn(listener);
  for (const [token, status, code] of [
    ['', 401, 'AUTHENTICATION_FAILED'],
    ['no.such.token', 401, 'AUTHENTICATION_FAILED'],
    [await bus.token({ role: 'user' }), 403, 'AUTHORIZATION_ERROR'],
    [await bus.token({ role: 'moderator' }), 403, 'AUTHORIZATION_ERROR'],
  ] as const) {
    const socket = await knock(bus, { headers: { authorization: `Bearer ${token}` } });
    expect([socket.status, JSON.parse(socket.body)]).toMatchObject([status, { error_code: code }]);
  }
  const browser = await knock(bus, { protocols: ['arqon.v1.json', `bearer.${await bus.token()}`] });
  expect([browser.status, await next(browser)]).toMatchObject([
    101,
    { type: 'error', error_code: 'AUTHORIZATION_ERROR' },
  ]);
  expect((await browser.closed()).code).toBe(4403);
});

test.for(listeners)('[DPL-3] ends with the bus (%s)', async (listener) => {
  const bus = await startBus({ ARQONBUS_SERVER_LISTENER: listener });
  const socket = await follow(bus, 'acme');
  await bus.stop();
  expect((await next(socket)).payload).toEqual({ eventType: 'system_draining' });
  expect(await socket.closed()).toMatchObject({ code: 1012 });
});

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { JsonClient } from './harness/json-client.ts';
import { startLaneValkey } from './harness/lane-valkey.ts';
import type { LaneValkey } from './harness/lane-valkey.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// The Omega lane switched on: an experiment of administrators that reaches its lab and nothing else (OMG-1).

let bus: Bus;
let valkey: LaneValkey;
const tenants = freshTenants(() => bus);
const { enter } = tenants;
const lab = { room: 'omega-lab', channel: 'signals' };
const root = { user: 'root', role: 'admin' } as const;

beforeAll(async () => {
  valkey = await startLaneValkey();
  bus = await startBus({
    ...roomyLimits,
    ...valkey.env,
    ARQONBUS_OMEGA_ENABLED: 'true',
    ARQONBUS_OMEGA_MAX_EVENTS: '3',
    ARQONBUS_OMEGA_MAX_SUBSTRATES: '2',
    ARQONBUS_OMEGA_EVENTS_PER_MINUTE: '6',
  });
});

afterAll(async () => {
  await bus.stop();
  await valkey.stop();
});

const field = (name: string): object => ({
  error_code: 'VALIDATION_ERROR',
  payload: { errors: [expect.objectContaining({ field: name })] },
});

async function register(admin: JsonClient, name = 'lattice-7'): Promise<string> {
  const { substrate_id: id } = await admin.must('op.omega.register_substrate', { name, kind: 'reservoir' });
  return String(id);
}

/** What is listed. */
async function signals(client: JsonClient, filter: object = {}): Promise<readonly unknown[]> {
  const { items } = await client.must('op.omega.list_events', filter);
  return (items as readonly { readonly signal: unknown; readonly payload: unknown }[]).map(({ signal, payload }) => [
    signal,
    payload,
  ]);
}

it('[OMG-1] [PRD-4] an event is heard in the lab and listed, whatever Shield, and no other tenant has any of it', async () => {
  const [admin, reader] = [await enter(root), await enter({ user: 'curie', role: 'admin' })];
  const foreign = await enter({ ...root, tenant: `${tenants.tenant}-other` });
  for (const client of [reader, foreign]) await client.must('join_channel', lab);
  const registered = await admin.must('op.omega.register_substrate', {
    name: 'lattice-7',
    kind: 'reservoir',
    metadata: { nodes: 400, note: '\u{1f680} ünïcode' },
  });
  expect(registered).toMatchObject({ name: 'lattice-7', metadata: { nodes: 400 }, registered_by: 'root' });
  const { substrate_id: substrate } = registered;
  const payload = { energy: [0.5, 'ä'] };
  const emitted = await admin.must('op.omega.emit_event', { substrate_id: substrate, signal: 'pulse', payload });
  expect(emitted).toMatchObject({ signal: 'pulse', emitted_by: 'root', lab_room: 'omega-lab', lab_channel: 'signals' });
  const about = { event_id: emitted['event_id'], substrate_id: substrate, signal: 'pulse', emitted_by: 'root' };
  const heard = await reader.nextEvent();
  expect(heard).toMatchObject({ ...lab, sender: 'op-omega', payload: { ...about, payload } });
  expect((await reader.must('op.omega.list_events'))['items']).toEqual([
    { ...about, emitted_at: emitted['emitted_at'], payload },
  ]);
  expect((await reader.must('op.omega.list_substrates'))['items']).toEqual([registered]);
  expect(await reader.must('op.omega.status')).toEqual({
    enabled: true,
    lab_room: 'omega-lab',
    lab_channel: 'signals',
    max_events: 3,
    max_substrates: 2,
    substrate_count: 1,
    event_count: 1,
  });
  expect(await foreign.must('op.omega.status')).toMatchObject({ substrate_count: 0, event_count: 0 });
  const theft = { substrate_id: substrate, signal: 'pulse' };
  expect(await foreign.command('op.omega.emit_event', theft)).toMatchObject({ error_code: 'NOT_FOUND' });
  expect(await signals(foreign)).toEqual([]);
  // The first that the other tenant hears in its lab is its own.
  const own = { substrate_id: await register(foreign), signal: 'own' };
  foreign.send({ id: 'arq_omega-own-lab', type: 'command', command: 'op.omega.emit_event', args: own });
  expect(await foreign.nextEvent()).toMatchObject({ payload: { signal: 'own', payload: null } });
  expect(await reader.must('op.omega.unregister_substrate', { substrate_id: substrate })).toMatchObject({
    removed: true,
  });
  expect(await signals(reader)).toEqual([['pulse', payload]]);
});

it('[OMG-1] no word of an event leads it out of the lab: not to a room, a client, another tenant, nor by a wildcard', async () => {
  const [admin, bob] = [await enter(root), await enter({ user: 'bob' })];
  const foreign = await enter({ user: 'eve', tenant: `${tenants.tenant}-other` });
  const science = { room: 'science', channel: 'general' };
  for (const client of [bob, foreign]) {
    await client.must('join_channel', science);
    await client.must('join_channel', { room: 'science', channel: '*' });
  }
  const substrate = await register(admin);
  const led = { ...science, to: 'user:bob', tenant: `${tenants.tenant}-other`, tenant_id: 'x', lab_room: 'science' };
  const event = { substrate_id: substrate, signal: 'pulse' };
  await admin.must('op.omega.emit_event', { ...event, ...led, payload: led });
  const id = 'arq_omega-led-astray';
  admin.send({ id, type: 'command', command: 'op.omega.emit_event', ...science, to: 'user:bob', args: event });
  await admin.next(({ request_id: answered }) => answered === id);
  for (const signal of ['*', '>', 'science:general', 'a.b\r\nPUB x', '../science', '', '{x}']) {
    expect(await admin.command('op.omega.emit_event', { ...event, signal })).toMatchObject(field('args.signal'));
    expect(await admin.command('op.omega.register_substrate', { name: signal, kind: 'k' })).toMatchObject(
      field('args.name'),
    );
  }
  expect(await admin.command('op.omega.emit_event', { ...event, substrate_id: 's_*' })).toMatchObject(
    field('args.substrate_id'),
  );
  // Who waits for a reply drops what comes before it, so others write.
  for (const [reader, order] of [
    [bob, {}],
    [foreign, { tenant: `${tenants.tenant}-other` }],
  ] as const) {
    const writer = await enter({ user: 'carol', ...order });
    await writer.must('join_channel', science);
    expect(await writer.publish('science:general', 'the first')).toMatchObject({ status: 'success' });
    expect(await reader.nextEvent()).toMatchObject({ payload: 'the first' });
  }
});

it('[OMG-1] [PRM-1] administrators alone change the lane, and who may not join the lab is shown nothing of it', async () => {
  const [admin, alice] = [await enter(root), await enter()];
  const substrate = await register(admin);
  const event = { substrate_id: substrate, signal: 'pulse' };
  const refused = { error_code: 'AUTHORIZATION_ERROR' };
  for (const [name, args] of [
    ['op.omega.register_substrate', { name: 'a', kind: 'b' }],
    ['op.omega.unregister_substrate', { substrate_id: substrate }],
    ['op.omega.emit_event', event],
    ['op.omega.clear_events', {}],
    ['op.omega.list_events', {}],
    ['op.omega.list_substrates', {}],
    ['join_channel', lab],
  ] as const) {
    expect([name, await alice.command(name, args)]).toEqual([name, expect.objectContaining(refused)]);
  }
  const grant = { subject: 'user:alice', action: 'join', pattern: 'omega-lab:signals', effect: 'allow' };
  await admin.must('op.grant.put', grant);
  const join = async (): Promise<unknown> => (await alice.command('join_channel', lab)).status;
  await expect.poll(join).toBe('success');
  await admin.must('op.omega.emit_event', { ...event, payload: 1 });
  expect(await alice.nextEvent()).toMatchObject({ payload: { signal: 'pulse', payload: 1 } });
  await expect.poll(() => alice.command('op.omega.list_events')).toMatchObject({ status: 'success' });
  expect(await alice.command('op.omega.emit_event', event)).toMatchObject(refused);
  await admin.must('op.grant.put', { ...grant, subject: 'user:root', action: 'publish', effect: 'deny' });
  const emit = async (): Promise<unknown> => (await admin.command('op.omega.emit_event', event)).error_code;
  await expect.poll(emit).toBe('AUTHORIZATION_ERROR');
});

it('[OMG-1] [PRD-5] what is too much is refused with what to do, and old events go', async () => {
  const admin = await enter(root);
  const [substrate, other] = [await register(admin), await register(admin, 'other')];
  const third = await admin.command('op.omega.register_substrate', { name: 'third', kind: 'reservoir' });
  expect([third.error_code, JSON.stringify(third)]).toEqual([
    'QUOTA_EXCEEDED',
    expect.stringContaining('2 substrates'),
  ]);
  expect(await register(admin)).toBe(substrate);
  for (let n = 0; n < 5; n += 1) {
    const source = n === 3 ? other : substrate;
    await admin.must('op.omega.emit_event', { substrate_id: source, signal: `s${n % 2}`, payload: n });
  }
  expect(await signals(admin)).toEqual([
    ['s0', 4],
    ['s1', 3],
    ['s0', 2],
  ]);
  expect(await signals(admin, { signal: 's0' })).toHaveLength(2);
  expect(await signals(admin, { substrate_id: other })).toEqual([['s1', 3]]);
  const page = await admin.must('op.omega.list_events', { limit: 2 });
  expect(await signals(admin, { cursor: page['cursor'] })).toEqual([['s0', 2]]);
  const event = { substrate_id: substrate, signal: 'pulse' };
  const large = { ...event, payload: 'x'.repeat(8_200) };
  expect(await admin.command('op.omega.emit_event', large)).toMatchObject({ error_code: 'PAYLOAD_TOO_LARGE' });
  await admin.must('op.omega.emit_event', event);
  const limited = await admin.command('op.omega.emit_event', event);
  expect(limited).toMatchObject({ error_code: 'RATE_LIMITED', payload: { retry_after_ms: expect.any(Number) } });
  expect(await admin.must('op.omega.clear_events', { signal: 'pulse' })).toEqual({
    removed_count: 1,
    remaining_count: 2,
  });
  expect(await admin.must('op.omega.clear_events')).toEqual({ removed_count: 2, remaining_count: 0 });
  expect(await admin.command('op.omega.list_events', { cursor: '%' })).toMatchObject({
    error_code: 'VALIDATION_ERROR',
  });
});

it('[OMG-1] [SAF-2] what the rules of the lab redact or block is neither heard nor listed', async () => {
  const [admin, reader] = [await enter(root), await enter({ user: 'curie', role: 'admin' })];
  await reader.must('join_channel', lab);
  const substrate = await register(admin);
  const scope = { enabled: true, mode: 'enforce', scope_include: ['omega-lab:*'] };
  await admin.must('op.casil.reload', scope);
  const card = 'card 4111 1111 1111 1111';
  const event = { substrate_id: substrate, signal: 'pulse' };
  const emit = async (): Promise<unknown> => {
    await admin.must('op.omega.clear_events');
    await admin.must('op.omega.emit_event', { ...event, payload: { note: card } });
    return (await reader.nextEvent()).payload;
  };
  // Another Shield learns of the rules a moment later.
  await expect.poll(emit).toMatchObject({ payload: { note: 'card ***REDACTED***' } });
  await expect.poll(() => signals(admin)).toEqual([['pulse', { note: 'card ***REDACTED***' }]]);
  const key = ['AKIA', 'Q3EGRZ7XUWL5P2MN'].join('');
  const blocked = await admin.command('op.omega.emit_event', { ...event, payload: { key } });
  expect(blocked).toMatchObject({ error_code: 'CASIL_POLICY_BLOCKED_SECRET' });
  expect(await signals(admin)).toHaveLength(1);
});

it('[OMG-1] [CLI-1] [AUD-3] the command line uses the lane, and what it changes is in the trail', async () => {
  const token = await bus.token({ ...root, tenant: tenants.tenant });
  const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: token };
  const omega = async (...args: string[]): Promise<string> => {
    const run = runArqon(['omega', ...args], env);
    onTestFinished(() => void run.process.kill());
    await run.exited;
    return `${run.stdout()}${run.stderr()}`;
  };
  const admin = await enter(root);
  const id = (await omega('register', 'lattice-7', 'reservoir', '--metadata', '{"nodes":400}')).trim();
  expect(id).toMatch(/^s_/);
  expect(await omega('emit', id, 'pulse', '{"energy":0.7}')).toMatch(/^oe_/);
  const [status, events] = await Promise.all([omega('status'), omega('events', '--signal', 'pulse')]);
  expect(status).toBe('on  omega-lab:signals  1 of 2 substrates, 1 of 3 events\n');
  expect(events).toMatch(/ {2}pulse {2}\{"energy":0.7\}\n$/);
  await admin.must('op.omega.clear_events', { substrate_id: id });
  await admin.must('op.omega.unregister_substrate', { substrate_id: id });
  const { items } = await admin.must('op.audit.list');
  const done = (items as readonly { readonly phase: string; readonly action: string }[])
    .filter(({ phase, action }) => phase === 'done' && action.startsWith('op.omega.'))
    .map(({ action }) => action);
  expect(done.toSorted()).toEqual([
    'op.omega.clear_events',
    'op.omega.register_substrate',
    'op.omega.unregister_substrate',
  ]);
  const scraped = (await bus.scrapes()).join('\n');
  expect(scraped).toMatch(/^arqonbus_omega_events_total [1-9]/m);
  expect(scraped).toMatch(/^arqonbus_omega_refused_total\{reason="rate"\} [0-9]/m);
});

import type { TokenOrder } from '@arqonbus/auth';
import { BridgeErrorSchema, BridgeService, Health } from '@arqonbus/protocol/bridge-messages';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import type { CallOptions, Client } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Servers that speak gRPC, and followers of channels that keep no log, beside clients that hold sockets.

const LIVE_RULE = JSON.stringify([{ pattern: 'lab:live', profile: 'live' }]);

let bus: Bus;
let alice: JsonClient;
let stranger: JsonClient;
let client: Client<typeof BridgeService>;

beforeAll(async () => {
  bus = await startBus({ ...roomyLimits, ARQONBUS_LOG_RULES: LIVE_RULE }, 0, 1);
  client = createClient(BridgeService, createGrpcTransport({ baseUrl: bus.grpcUrl }));
  alice = await bus.connect();
  stranger = await bus.connect({ tenant: 'globex' });
  for (const one of [alice, stranger]) await one.must('join_channel', { room: 'lab', channel: 'bench' });
});

afterAll(async () => {
  alice.end();
  stranger.end();
  await bus.stop();
});

async function as(order: Partial<TokenOrder> = {}, more: Record<string, string> = {}): Promise<CallOptions> {
  return { headers: { authorization: `Bearer ${await bus.token({ user: 'backend', ...order })}`, ...more } };
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const parsed = (bytes: Uint8Array | undefined): unknown => JSON.parse(new TextDecoder().decode(bytes));
const event = (channel: string, payload: unknown): object => ({ room: 'lab', channel, payload: json(payload) });

async function refusalOf(call: Promise<unknown>): Promise<readonly [Code, string | undefined]> {
  const error = ConnectError.from(
    await call.then(
      () => expect.fail('was answered'),
      (thrown: unknown) => thrown,
    ),
  );
  return [error.code, error.findDetails(BridgeErrorSchema)[0]?.errorCode];
}

describe('by gRPC', () => {
  test('[BRG-1] [ARC-4] [SAF-3] what is published reaches subscribers of the channel in the own tenant', async () => {
    const published = await client.publish({ message: event('bench', { text: 'from a server' }) }, await as());
    const seen = await alice.nextEvent();
    expect([seen.sender, seen.payload]).toEqual(['bridge', { text: 'from a server' }]);
    expect(published).toMatchObject({ id: seen.id, seq: BigInt(Number(seen['seq'])), epoch: seen['epoch'] });
    await client.publish({ message: event('bench', 'for the others') }, await as({ tenant: 'globex' }));
    expect((await stranger.nextEvent()).payload).toBe('for the others');
  });

  test('[BRG-1] [LOG-5] a key publishes once, and each of a batch has an outcome of its own', async () => {
    const options = await as({}, { 'idempotency-key': 'order-4711' });
    const [first, again] = [
      await client.publish({ message: event('bench', 'once') }, options),
      await client.publish({ message: event('bench', 'once') }, options),
    ];
    expect([again.id, again.seq, again.duplicate]).toEqual([first.id, first.seq, true]);
    const messages = [{ room: 'la b' }, event('bench', 2)];
    const { outcomes } = await client.publishBatch({ messages }, await as());
    expect(outcomes.map(({ outcome }) => outcome.case)).toEqual(['refused', 'published']);
    expect([(await alice.nextEvent()).payload, (await alice.nextEvent()).payload]).toEqual(['once', 2]);
    const page = await client.history({ room: 'lab', channel: 'bench', order: 'newest', limit: 2 }, await as());
    expect(page.publications.map(({ payload }) => parsed(payload))).toEqual([2, 'once']);
    const bench = { room: 'lab', channel: 'bench' };
    const named = await client.history({ ...bench, epoch: page.epoch }, await as());
    expect(named.publications.map(({ payload }) => parsed(payload))).toEqual(expect.arrayContaining(['once', 2]));
    const unknown = client.history({ ...bench, epoch: 'never-was' }, await as());
    await expect(unknown).rejects.toMatchObject({ code: Code.NotFound });
  });

  test('[BRG-1] users, rooms, channels, grants and commands are reached as by HTTP', async () => {
    await client.private({ message: { to: ['user:alice'], payload: json('psst') } }, await as());
    expect((await alice.next(({ type }) => type === 'private')).payload).toBe('psst');
    await client.broadcast({ message: { room: 'lab', payload: json('all of the room') } }, await as());
    expect(await alice.nextEvent()).toMatchObject({ channel: '*', payload: 'all of the room' });
    expect(await client.presence({ room: 'lab', channel: 'bench' }, await as())).toMatchObject({
      members: [{ user: 'alice' }],
      total: 1n,
    });
    await client.createChannel({ room: 'depot', channel: 'in' }, await as({ role: 'moderator' }));
    expect((await client.listChannels({ room: 'depot' }, await as())).channels).toMatchObject([{ channel: 'in' }]);
    const grant = { subject: 'user:mallory', action: 'join', pattern: 'lab:*', effect: 'deny' };
    const { grantId } = await client.putGrant(grant, await as({ role: 'admin' }));
    expect(await client.deleteGrant({ grantId }, await as({ role: 'admin' }))).toMatchObject({ deleted: true });
    expect(parsed((await client.command({ command: 'ping' }, await as())).result)).toMatchObject({ pong: true });
  });

  test('[BRG-1] [PRT-10] refusals have the status of the one table, and health says how it is', async () => {
    const refusals = await Promise.all([
      refusalOf(client.listRooms({})),
      refusalOf(client.publish({ message: event('bench', 1) }, await as({ role: 'guest' }))),
      refusalOf(client.putGrant({}, await as({ role: 'admin' }))),
      refusalOf(client.channelInfo({ room: 'lab', channel: 'nowhere' }, await as())),
      refusalOf(client.command({ command: 'join_channel' }, await as())),
      refusalOf(client.publish({ message: event('bench', 'x'.repeat(70_000)) }, await as())),
    ]);
    expect(refusals).toEqual([
      [Code.Unauthenticated, 'AUTHENTICATION_FAILED'],
      [Code.PermissionDenied, 'AUTHORIZATION_ERROR'],
      [Code.InvalidArgument, 'VALIDATION_ERROR'],
      [Code.NotFound, 'CHANNEL_NOT_FOUND'],
      [Code.Unimplemented, 'FEATURE_DISABLED'],
      [Code.ResourceExhausted, 'PAYLOAD_TOO_LARGE'],
    ]);
    const health = createClient(Health, createGrpcTransport({ baseUrl: bus.grpcUrl }));
    expect((await health.check({ service: BridgeService.typeName })).status).toBe(1);
  });

  test('[BRG-1] [LOG-9] a follower gets what it missed, then what comes, and ends with its ban', async () => {
    const { seq, epoch } = await client.publish({ message: event('stream', 1) }, await as());
    await client.publish({ message: event('stream', 2) }, await as());
    const request = { room: 'lab', channel: 'stream', after: { epoch, seq } };
    const seen = client.follow(request, await as({ user: 'mallory' }))[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => {
      const { item } = (await seen.next()).value ?? {};
      return item?.case === 'publication' ? parsed(item.value.payload) : item;
    };
    expect(await next()).toBe(2);
    await client.publish({ message: event('stream', 'theirs') }, await as({ tenant: 'globex' }));
    await client.publish({ message: event('stream', 3) }, await as());
    expect(await next()).toBe(3);
    const order = { banForMs: 60_000n, user: 'mallory' };
    await client.disconnect(order, await as({ role: 'admin' })).catch(() => undefined);
    const ended = refusalOf(seen.next());
    await client.publish({ message: event('stream', 'not for the banned') }, await as());
    expect(await ended).toEqual([Code.PermissionDenied, 'BANNED']);
  });
});

describe('a channel that keeps no log', () => {
  test('[BRG-1] is followed from now on by HTTP and gRPC, in the own tenant, with the right alone', async () => {
    const follow = async (order: Partial<TokenOrder> = {}) => {
      const headers = { authorization: `Bearer ${await bus.token({ user: 'backend', ...order })}` };
      return fetch(`${bus.bridgeUrl}/v1/rooms/lab/channels/live/events`, { headers });
    };
    expect((await follow({ role: 'guest' })).status).toBe(403);
    const reader = (await follow()).body?.pipeThrough(new TextDecoderStream()).getReader();
    const seen = client.follow({ room: 'lab', channel: 'live' }, await as())[Symbol.asyncIterator]();
    const first = seen.next();
    await vi.waitFor(async () => {
      await client.publish({ message: event('live', 'theirs') }, await as({ tenant: 'globex' }));
      await client.publish({ message: event('live', 'ours') }, await as());
      expect(await Promise.race([first, Promise.resolve(undefined)])).toBeDefined();
    }, 5_000);
    const { item, position } = (await first).value ?? {};
    expect([item?.case === 'publication' ? parsed(item.value.payload) : item, position]).toEqual(['ours', undefined]);
    let text = '';
    while (!text.includes('ours')) text += (await reader?.read())?.value ?? '';
    expect(text).toMatch(/event: publication\ndata: \{.*"payload":"ours"/);
    expect(text).not.toMatch(/theirs|^id: /m);
    await reader?.cancel();
    await seen.return?.();
  });
});

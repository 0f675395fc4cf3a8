import { createRights } from '@arqonbus/auth';
import type { Role } from '@arqonbus/auth';
import { BusError, DEFAULT_LIMITS, createEnvelope } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createRefuse } from '../publish/refuse.ts';
import {
  createTestClock,
  createTestEnvelopes,
  createTestRights,
  createTestSession,
  payloadOf,
  testSend,
  turn,
} from '../session/session-rig.ts';
import type { CommandParts } from './command-context.ts';
import { createCommandDispatcher } from './dispatcher.ts';

const encoder = new TextEncoder();

function createRig(parts: Partial<CommandParts> = {}, role: Role = 'user') {
  const clock = createTestClock();
  const envelopes = createTestEnvelopes(clock);
  const bugs: unknown[] = [];
  const refusals: ErrorCode[] = [];
  const metrics = createMetrics();
  const state = { mayAuthorize: true };
  const { session, connection } = createTestSession({
    clock,
    rights: createRights(role, [], { accessDefault: 'open' }),
  });
  const executed = metrics.labelledCounter('arqonbus_commands_total', 'Commands.', 'command');
  const dispatcher = createCommandDispatcher({
    parts: { clock, limits: DEFAULT_LIMITS, envelopes, send: testSend, ...parts } as CommandParts,
    envelopes,
    send: testSend,
    monotonicMs: () => clock.monotonicMs(),
    durations: metrics.histogram('arqonbus_command_duration_seconds', 'Commands.', [1]),
    mayAuthorize: () => state.mayAuthorize,
    isTracing: false,
    executed: (_, name) => executed.inc(name),
    refused: (_, code) => refusals.push(code),
    refuse: createRefuse(envelopes, testSend, (context, error) => {
      bugs.push({ context, error });
      return '4bf92f3577b34da6a3ce929d0e0e4736';
    }),
  });
  const run = async (command: string, args: unknown = {}): Promise<void> => {
    const envelope = {
      ...createEnvelope('command'),
      id: 'arq_command001',
      command,
      args: encoder.encode(JSON.stringify(args)),
    };
    dispatcher.dispatch({ session, envelope });
    await turn();
  };
  const replies = () =>
    connection.envelopes().map((envelope) => ({
      type: envelope.type,
      requestId: envelope.requestId,
      status: envelope.status,
      code: envelope.errorCode,
      text: envelope.error,
      payload: payloadOf(envelope),
    }));
  return { run, replies, bugs, refusals, metrics, clock, session, state };
}

describe('a command', () => {
  it('[SPN-6] that needs a right is refused while it is not known who is banned; others are answered', async () => {
    const { run, replies, state } = createRig();
    state.mayAuthorize = false;
    await run('join_channel', { room: 'science', channel: 'general' });
    await run('history', { room: 'science', channel: 'general' });
    await run('ping');
    expect(replies().map(({ code, status }) => [code, status])).toEqual([
      ['UNAVAILABLE', 'error'],
      ['UNAVAILABLE', 'error'],
      ['', 'success'],
    ]);
  });

  it('[PRT-14] gets exactly one response', async () => {
    const { run, replies, metrics } = createRig();
    await run('ping');
    expect(replies()).toEqual([
      {
        type: 'response',
        requestId: 'arq_command001',
        status: 'success',
        code: '',
        text: '',
        payload: { pong: true, server_time: '2026-03-01T09:30:00.000Z' },
      },
    ]);
    expect(metrics.render()).toContain('arqonbus_commands_total{command="ping"} 1');
    expect(metrics.render()).toContain('arqonbus_command_duration_seconds_count 1');
  });

  it.each([
    ['no_such_command', {}, 'user', 'UNKNOWN_COMMAND'],
    ['constructor', {}, 'admin', 'UNKNOWN_COMMAND'],
    ['refresh', {}, 'user', 'VALIDATION_ERROR'],
    ['op.ban.list', {}, 'moderator', 'AUTHORIZATION_ERROR'],
    ['op.session.disconnect', {}, 'admin', 'VALIDATION_ERROR'],
    ['create_channel', { room: 'science', channel: 'new' }, 'user', 'AUTHORIZATION_ERROR'],
    ['join_channel', { room: 'science', channel: 'general' }, 'guest', 'AUTHORIZATION_ERROR'],
  ] as const)('[PRT-14] %s %j of a %s gets exactly one error: %s', async (command, args, role, code) => {
    const { run, replies, refusals } = createRig({}, role);
    await run(command, args);
    expect(replies()).toMatchObject([{ type: 'error', requestId: 'arq_command001', status: 'error', code }]);
    expect(refusals).toEqual([code]);
  });

  it.each([
    ['a bug', new TypeError('cannot read password=hunter2')],
    ['an internal error of another service', new BusError('INTERNAL_ERROR', 'stack of hunter2')],
  ])(
    '[PRT-10] [PRT-14] that meets %s gets exactly one INTERNAL_ERROR with a trace id, and nothing of the exception',
    async (_, error) => {
      const authenticator = { authenticate: () => Promise.reject(error) };
      const { run, replies, bugs } = createRig({ authenticator });
      await run('refresh', { token: 'x' });
      expect(replies()).toMatchObject([{ code: 'INTERNAL_ERROR', requestId: 'arq_command001' }]);
      expect(replies()[0]?.payload).toEqual({ trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' });
      expect(JSON.stringify(replies())).not.toContain('hunter2');
      expect(bugs).toEqual([{ context: expect.objectContaining({ command: 'refresh', tenant: 'acme' }), error }]);
    },
  );

  it('[PRT-14] is held to its own rate, and told when to try again', async () => {
    const { run, replies, clock } = createRig();
    for (let i = 0; i < 31; i++) await run('ping');
    expect(replies()).toHaveLength(31);
    expect(
      replies()
        .slice(0, 30)
        .every(({ type }) => type === 'response'),
    ).toBe(true);
    expect(replies()[30]).toMatchObject({ code: 'RATE_LIMITED', payload: { retry_after_ms: 34 } });
    clock.advance(34);
    await run('ping');
    expect(replies()[31]).toMatchObject({ type: 'response' });
  });

  it('[PRT-14] is answered once, also when what follows the reply fails', async () => {
    const channel = {
      name: 'science:general',
      address: { tenant: 'acme', room: 'science', channel: 'general' },
      lastSeq: 5,
      epoch: 'e',
      logClass: 'history',
    };
    const { run, replies, bugs } = createRig({
      subscriptions: {
        hasRoom: () => true,
        prepare: () => Promise.resolve({ channel, roomChannel: channel }),
        commit: () => ({ channel }),
        release: () => undefined,
      } as never,
      channelRegistry: { get: () => Promise.resolve({}) } as never,
      log: { end: () => Promise.resolve({ epoch: 'e', endSeq: 5 }) } as never,
      reads: {
        after: () => Promise.resolve([{ seq: 5, prevSeq: 4, timestampMs: 0, data: new Uint8Array(0) }]),
      } as never,
      membership: { joining: () => Promise.resolve(), joined: () => undefined } as never,
      activity: { presence: () => undefined } as never,
      recoveries: { recovery: () => undefined },
      slowConsumers: {
        startBehind: () => {
          throw new Error('hunter2');
        },
      } as never,
    });
    await run('join_channel', { room: 'science', channel: 'general', from: { epoch: 'e', seq: 4 } });
    expect(replies()).toMatchObject([
      { type: 'response', requestId: 'arq_command001' },
      { type: 'error', requestId: '', code: 'INTERNAL_ERROR' },
    ]);
    expect(bugs).toHaveLength(1);
  });

  it('[PRT-21] help lists what the caller may use', async () => {
    const { run, replies } = createRig({}, 'guest');
    await run('help');
    const [reply] = replies() as { payload: { commands: { name: string }[] } }[];
    const names = reply?.payload.commands.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['ping', 'status', 'help']));
    expect(names).not.toContain('op.ban.list');
  });
});

describe('a new token', () => {
  it('[PRT-6] of the same person replaces the old one, and the announcement of its end', async () => {
    const reviewed: unknown[] = [];
    const { run, replies, session, clock } = createRig({
      rights: createTestRights(),
      subscriptions: { review: (of: unknown) => reviewed.push(of) } as never,
      storeWatches: { review: () => undefined } as never,
      authenticator: {
        authenticate: () =>
          Promise.resolve({
            ok: true,
            principal: { ...session.principal, role: 'admin', expiresAtMs: clock.now() + 7_200_000 },
          }),
      },
    });
    session.isExpiryAnnounced = true;
    clock.advance(5_000);
    await run('refresh', { token: 'newer' });
    expect(replies()[0]?.payload).toEqual({ token_expires_at: '2026-03-01T11:30:05.000Z' });
    expect(session).toMatchObject({ isExpiryAnnounced: false, tokenSinceMs: clock.now() });
    expect(session.rights.may('admin', '*', '*')).toBe(true);
    // What it may see of a channel may be more, or less, now.
    expect(reviewed).toEqual([session]);
  });

  it.each([{ tenant: 'globex' }, { user: 'mallory' }])('[PRT-6] of %j is refused', async (other) => {
    const { run, replies, session } = createRig({
      authenticator: {
        authenticate: () => Promise.resolve({ ok: true, principal: { ...session.principal, ...other } as never }),
      },
    });
    const before = session.principal;
    await run('refresh', { token: 'foreign' });
    expect(replies()).toMatchObject([{ code: 'AUTHENTICATION_FAILED' }]);
    expect(session.principal).toBe(before);
  });
});

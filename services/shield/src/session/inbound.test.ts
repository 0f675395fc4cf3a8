import type { Outcome, Pipeline } from '@arqonbus/pipeline';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { EnvelopeType } from '@arqonbus/protocol';
import { createMetrics } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { closeSession } from './close-session.ts';
import { createAcceptFrame } from './inbound.ts';
import { createMisbehaviour } from './misbehaviour.ts';
import { createTestClock, createTestEnvelopes, createTestSession, testSend } from './session-rig.ts';

const frame = new TextEncoder().encode('{"type":"event"}');

function createRig(outcome: Outcome, type: EnvelopeType = 'event', id = '') {
  const clock = createTestClock();
  const metrics = createMetrics();
  const handled: string[] = [];
  const pipeline: Pipeline = (ingress) => {
    ingress.envelope = { ...ingress.envelope, id };
    if (outcome.kind === 'allow') ingress.envelope = { ...ingress.envelope, type };
    return outcome;
  };
  const accept = createAcceptFrame({
    pipeline,
    publisher: { publish: (_, envelope) => void handled.push(`publish ${envelope.type}`) },
    dispatcher: { dispatch: ({ envelope }) => void handled.push(`dispatch ${envelope.type}`) },
    misbehaviour: createMisbehaviour(
      DEFAULT_LIMITS,
      () => clock.monotonicMs(),
      (session) => closeSession(session, 4429),
    ),
    envelopes: createTestEnvelopes(clock),
    send: testSend,
    seal: { seal: () => new Uint8Array(0) },
    clock,
    limits: DEFAULT_LIMITS,
    messages: metrics.counter('arqonbus_messages_in_total', 'Frames.'),
    bytes: metrics.counter('arqonbus_bytes_in_total', 'Bytes.'),
  });
  return { accept, handled, clock, metrics, ...createTestSession({ clock }) };
}

function blocked(fields: Partial<Extract<Outcome, { kind: 'block' }>>): Outcome {
  return {
    kind: 'block',
    code: 'VALIDATION_ERROR',
    reason: 'malformed',
    errors: [],
    retryAfterMs: 0,
    traceId: '',
    stage: 'decode',
    ...fields,
  };
}

describe('a frame', () => {
  it.each([
    ['event', 'publish event'],
    ['private', 'publish private'],
    ['telemetry', 'publish telemetry'],
    ['command', 'dispatch command'],
  ] as const)('[SAF-3] of type %s goes where it belongs, and counts as a sign of life', (type, expected) => {
    const { accept, handled, session, clock, metrics } = createRig({ kind: 'allow' }, type);
    clock.advance(5_000);
    accept(session, frame, false);
    expect(handled).toEqual([expected]);
    expect(session.lastSeenMs).toBe(clock.monotonicMs());
    expect(metrics.render()).toContain(`arqonbus_bytes_in_total ${frame.length}`);
  });

  it.each([
    ['json', true],
    ['proto', false],
  ] as const)('[PRT-9] of the wrong kind for %s closes with 1003', (format, isBinary) => {
    const { accept, handled } = createRig({ kind: 'allow' });
    const { session, connection } = createTestSession({ format });
    accept(session, frame, isBinary);
    expect(connection.closeCode).toBe(1003);
    expect(handled).toEqual([]);
  });

  it('[PRT-9] after a close counts for nothing', () => {
    const { accept, handled, session, connection } = createRig({ kind: 'allow' });
    session.isClosing = true;
    accept(session, frame, true);
    accept(session, frame, false);
    expect([handled, connection.closeCode]).toEqual([[], undefined]);
  });
});

describe('a refused frame', () => {
  it('[PRT-10] gets one error with code, fields and the id that could be read', () => {
    const outcome = blocked({ errors: [{ field: 'room', problem: 'is not a name' }] });
    const { accept, session, connection, handled } = createRig(outcome, 'event', 'arq_01JNB5QV8A9Z');
    accept(session, frame, false);
    expect(connection.envelopes()).toMatchObject([
      { type: 'error', requestId: 'arq_01JNB5QV8A9Z', errorCode: 'VALIDATION_ERROR' },
    ]);
    expect(connection.payloads()).toEqual([{ errors: [{ field: 'room', problem: 'is not a name' }] }]);
    expect(handled).toEqual([]);
  });

  it('[PRT-23] is told when to try again', () => {
    const { accept, session, connection } = createRig(
      blocked({ code: 'RATE_LIMITED', stage: 'rate', retryAfterMs: 40 }),
    );
    accept(session, frame, false);
    expect(connection.payloads()).toEqual([{ retry_after_ms: 40 }]);
  });

  it('[PRT-10] that met a bug of ours is told a trace id, and never counts as bad', () => {
    const { accept, session, connection } = createRig(blocked({ code: 'INTERNAL_ERROR', traceId: '00ff' }));
    for (let i = 0; i < 20; i++) accept(session, frame, false);
    expect(connection.payloads()[0]).toEqual({ trace_id: '00ff' });
    expect(connection.closeCode).toBeUndefined();
  });

  it('[PRT-10] ten times a minute by the decoder closes with 4400; by later stages it does not', () => {
    const bad = createRig(blocked({}));
    for (let i = 0; i < 10; i++) bad.accept(bad.session, frame, false);
    expect(bad.connection.closeCode).toBe(4400);
    const late = createRig(blocked({ stage: 'authorize', code: 'NOT_SUBSCRIBED' }));
    for (let i = 0; i < 10; i++) late.accept(late.session, frame, false);
    expect(late.connection.closeCode).toBeUndefined();
  });

  it('[PRT-27] a hundred times in ten seconds for being too fast closes with 4429', () => {
    const { accept, session, connection } = createRig(blocked({ code: 'RATE_LIMITED', stage: 'rate' }));
    for (let i = 0; i < 100; i++) accept(session, frame, false);
    expect(connection.closeCode).toBe(4429);
    expect(connection.frames).toHaveLength(100);
  });
});

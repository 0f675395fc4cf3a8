import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import type { Ingress } from '../ingress.ts';
import { createTestIngress, createTestOrigin } from '../ingress-rig.ts';
import type { Verdict } from '../verdict.ts';
import { TELEMETRY_TARGET, createValidateStage } from './validate-stage.ts';

const stage = createValidateStage(DEFAULT_LIMITS);
const encoder = new TextEncoder();
const atHome = createTestOrigin({ defaultRoom: 'science', defaultChannel: 'general' });

function check(fields: Partial<Envelope>, origin = createTestOrigin()): { ingress: Ingress; verdict: Verdict } {
  const ingress = createTestIngress(fields, origin);
  return { ingress, verdict: stage.check(ingress) };
}

describe('the target of an event', () => {
  it('[PRT-3] is what the message names', () => {
    const { ingress, verdict } = check({ room: 'art', channel: 'general' }, atHome);
    expect(verdict.kind).toBe('allow');
    expect(ingress.envelope).toMatchObject({ room: 'art', channel: 'general' });
  });

  it('[PRT-3] is the default target of the connection where it names none', () => {
    expect(check({}, atHome).ingress.envelope).toMatchObject({ room: 'science', channel: 'general' });
    expect(check({ room: 'science' }, atHome).ingress.envelope).toMatchObject({ channel: 'general' });
    expect(check({ channel: 'explore' }, atHome).ingress.envelope).toMatchObject({
      room: 'science',
      channel: 'explore',
    });
  });

  it.each([
    { fields: { room: 'art' }, origin: atHome },
    { fields: { room: 'art' }, origin: createTestOrigin() },
    { fields: { channel: 'general' }, origin: createTestOrigin() },
    { fields: {}, origin: createTestOrigin({ defaultRoom: 'science' }) },
  ])('[PRT-3] is never guessed: $fields.room:$fields.channel is refused', ({ fields, origin }) => {
    expect(check(fields, origin).verdict).toMatchObject({ code: 'VALIDATION_ERROR', reason: 'no_target' });
  });

  it('[PRT-16] may be the room itself', () => {
    expect(check({ room: 'science', channel: '*' }).verdict.kind).toBe('allow');
  });

  it('[PRT-18] is no wildcard over rooms', () => {
    expect(check({ room: '*', channel: 'general' }).verdict).toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});

describe('what a client may send', () => {
  it.each(['system', 'response', 'error', 'task'] as const)('[PRT-18] is no %s', (type) => {
    expect(check({ type, room: 'science', channel: 'general' }).verdict).toMatchObject({
      kind: 'block',
      code: 'UNKNOWN_TYPE',
      reason: 'not_inbound',
    });
  });

  it('[PRT-8] loses the fields that are the word of servers (T-09)', () => {
    const { ingress } = check({
      room: 'science',
      channel: 'general',
      sender: 'root',
      seq: 9,
      epoch: 'x',
      requestId: 'y',
    });
    expect(ingress.envelope).toMatchObject({ sender: '', seq: 0, epoch: '', requestId: '' });
  });

  it('[PRT-14] is a command with a name', () => {
    expect(check({ type: 'command', command: 'ping' }).verdict.kind).toBe('allow');
    expect(check({ type: 'command' }).verdict).toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});

describe('private messages', () => {
  const to = ['n0a1b2c3d4e5f_aaaaaaaaaaaaaaaaaaaa'];

  it('[PRT-17] name their targets', () => {
    expect(check({ type: 'private', to }).verdict.kind).toBe('allow');
    expect(check({ type: 'private' }).verdict).toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[PRT-17] are also events to the channel pm of any room that name targets', () => {
    const { ingress, verdict } = check({ room: 'science', channel: 'pm', to });
    expect(verdict.kind).toBe('allow');
    expect(ingress.envelope).toMatchObject({ type: 'private', room: 'science', channel: 'pm', to });
  });

  it('[PRT-17] are also events to a default channel pm', () => {
    const origin = createTestOrigin({ defaultRoom: 'science', defaultChannel: 'pm' });
    expect(check({ to }, origin).ingress.envelope.type).toBe('private');
  });

  it('[PRT-17] are checked as such when they came as events', () => {
    const many = Array.from({ length: DEFAULT_LIMITS.maxTargets + 1 }, (_, i) => `n0a1b2c3d4e5f_${i}`);
    expect(check({ room: 'science', channel: 'pm', to: many }).verdict).toMatchObject({
      code: 'VALIDATION_ERROR',
      errors: [{ field: 'to', problem: 'has too many entries' }],
    });
  });

  it('[PRT-17] are no events to pm without targets, nor events with targets to other channels', () => {
    expect(check({ room: 'science', channel: 'pm' }).ingress.envelope.type).toBe('event');
    expect(check({ room: 'science', channel: 'pms', to }).ingress.envelope.type).toBe('event');
  });
});

describe('telemetry', () => {
  function telemetry(payload: unknown, fields: Partial<Envelope> = {}): ReturnType<typeof check> {
    return check({ type: 'telemetry', payload: encoder.encode(JSON.stringify(payload)), ...fields });
  }

  it('[PRT-26] goes to the stream of the tenant, whatever target it names', () => {
    const { ingress, verdict } = telemetry(
      { eventType: 'page.view', payload: { ms: 12 } },
      { room: 'science', channel: 'x' },
    );
    expect(verdict.kind).toBe('allow');
    expect(ingress.envelope).toMatchObject(TELEMETRY_TARGET);
  });

  it.each([undefined, null, 7, 'text', [], {}, { eventType: 7 }, { eventType: '' }, { eventType: 'x'.repeat(129) }])(
    '[PRT-26] needs a type of event: %j is refused',
    (payload) => {
      const bytes = payload === undefined ? new Uint8Array(0) : encoder.encode(JSON.stringify(payload));
      const { verdict } = check({ type: 'telemetry', payload: bytes });
      expect(verdict).toMatchObject({ code: 'VALIDATION_ERROR', reason: 'telemetry' });
    },
  );

  it('[PRT-26] is JSON: bytes of another type are refused and never parsed', () => {
    const { verdict } = check({
      type: 'telemetry',
      contentType: 'application/octet-stream',
      payload: new Uint8Array([255, 0]),
    });
    expect(verdict).toMatchObject({ code: 'VALIDATION_ERROR', reason: 'telemetry' });
  });
});

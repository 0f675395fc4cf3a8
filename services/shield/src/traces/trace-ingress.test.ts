import { block } from '@arqonbus/pipeline';
import type { Ingress } from '@arqonbus/pipeline';
import { createEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { SpanRecord } from '@arqonbus/telemetry';
import { describe, expect, it } from 'vitest';
import { createTestSession } from '../session/session-rig.ts';
import { traceIngress } from './trace-ingress.ts';

const CONTEXT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7';
const NEXT = '00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01';
const fields = { id: 'arq_traced-01', type: 'event', room: 'science', channel: 'talk' } as const;

function createRig(isChosen: boolean, mayTraceError = true) {
  const spans: SpanRecord[] = [];
  const tracing = {
    isChosen: () => isChosen,
    mayTraceError: () => mayTraceError,
    record: (span: SpanRecord) => {
      spans.push(span);
      return NEXT;
    },
    close: () => Promise.resolve(),
  };
  return { tracing, spans };
}

function createTestIngress(more: Partial<Envelope>): Ingress {
  const { session } = createTestSession({});
  const envelope = { ...createEnvelope('event'), ...more };
  return { origin: session, frame: new Uint8Array(0), nowMs: Date.UTC(2026, 2, 1), monotonicMs: 7, envelope };
}

describe('a message that enters', () => {
  it('[TEL-3] and is traced begins at its client’s hop, and takes its own context on', () => {
    const { tracing, spans } = createRig(true);
    const ingress = createTestIngress({ ...fields, traceparent: `${CONTEXT}-01` });
    traceIngress(tracing, ingress, { kind: 'allow' }, ingress.monotonicMs + 0.25);
    expect(ingress.envelope.traceparent).toBe(NEXT);
    expect(spans).toEqual([
      {
        name: 'shield ingress',
        kind: 'server',
        parent: `${CONTEXT}-01`,
        startMs: ingress.nowMs,
        endMs: ingress.nowMs + 0.25,
        attributes: {
          'messaging.system': 'arqonbus',
          'arqonbus.tenant': 'acme',
          'arqonbus.client_id': ingress.origin.clientId,
          'messaging.message.id': 'arq_traced-01',
          'arqonbus.type': 'event',
          'messaging.destination.name': 'science:talk',
        },
      },
    ]);
  });

  it('[TEL-3] and is not traced goes on without the wish to be', () => {
    const { tracing, spans } = createRig(false);
    const ingress = createTestIngress({ ...fields, traceparent: `${CONTEXT}-01` });
    traceIngress(tracing, ingress, { kind: 'allow' }, 0);
    expect([ingress.envelope.traceparent, spans]).toEqual([`${CONTEXT}-00`, []]);
    const without = createTestIngress(fields);
    traceIngress(tracing, without, { kind: 'allow' }, 0);
    expect(without.envelope.traceparent).toBe('');
  });

  it.each([
    ['authorize', `${CONTEXT}-00`],
    ['decode', ''],
  ] as const)(
    '[TEL-3] and is refused by the %s stage is an error, with a parent only if it can be believed',
    (stage, parent) => {
      const { tracing, spans } = createRig(false);
      const ingress = createTestIngress({ ...fields, traceparent: `${CONTEXT}-00` });
      traceIngress(tracing, ingress, { ...block('NOT_SUBSCRIBED', 'no_subscription'), stage }, 0);
      expect(spans).toMatchObject([{ parent, error: 'NOT_SUBSCRIBED', attributes: { 'arqonbus.stage': stage } }]);
    },
  );

  it('[TEL-3] and is refused is no error any more once there are too many', () => {
    const { tracing, spans } = createRig(true, false);
    traceIngress(tracing, createTestIngress(fields), { ...block('RATE_LIMITED', 'messages'), stage: 'rate' }, 0);
    expect(spans).toEqual([]);
  });
});

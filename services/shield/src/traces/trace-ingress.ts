import type { Ingress, Outcome } from '@arqonbus/pipeline';
import { withoutSampling } from '@arqonbus/telemetry';
import type { Tracing } from '@arqonbus/telemetry';

/**
 * Records the first hop of a message that has been through the pipeline, if it is to be traced, and lets its envelope
 * say so: whoever sees it next goes on from there (TEL-3). A refused one is recorded as an error, whatever the ratio.
 *
 * @param nowMs the monotonic clock of now.
 */
export function traceIngress(tracing: Tracing, ingress: Ingress, outcome: Outcome, nowMs: number): void {
  const { envelope } = ingress;
  if (outcome.kind === 'block') {
    if (tracing.mayTraceError()) recordRefusal(tracing, ingress, outcome, nowMs);
    return;
  }
  if (!tracing.isChosen(envelope.traceparent)) {
    // Else everybody on the way would record what nobody began.
    envelope.traceparent = withoutSampling(envelope.traceparent);
    return;
  }
  envelope.traceparent = tracing.record({
    name: 'shield ingress',
    kind: 'server',
    parent: envelope.traceparent,
    ...timesOf(ingress, nowMs),
    attributes: { ...about(ingress), 'messaging.message.id': envelope.id, ...targetOf(ingress) },
  });
}

function recordRefusal(
  tracing: Tracing,
  ingress: Ingress,
  { stage, code, reason }: Extract<Outcome, { kind: 'block' }>,
  nowMs: number,
): void {
  // What could not be decoded says nothing that can be relied on.
  const isDecoded = stage !== 'rate' && stage !== 'decode';
  tracing.record({
    name: 'shield ingress',
    kind: 'server',
    parent: isDecoded ? ingress.envelope.traceparent : '',
    ...timesOf(ingress, nowMs),
    attributes: { ...about(ingress), 'arqonbus.stage': stage, 'arqonbus.reason': reason },
    error: code,
  });
}

function timesOf(ingress: Ingress, nowMs: number): { readonly startMs: number; readonly endMs: number } {
  return { startMs: ingress.nowMs, endMs: ingress.nowMs + nowMs - ingress.monotonicMs };
}

function about({ origin }: Ingress): Readonly<Record<string, string>> {
  return { 'messaging.system': 'arqonbus', 'arqonbus.tenant': origin.tenant, 'arqonbus.client_id': origin.clientId };
}

function targetOf({ envelope }: Ingress): Readonly<Record<string, string>> {
  const { type, command, room, channel } = envelope;
  if (type === 'command') return { 'arqonbus.type': type, 'arqonbus.command': command };
  return { 'arqonbus.type': type, 'messaging.destination.name': `${room}:${channel}` };
}

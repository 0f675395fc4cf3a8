import type { PublicationView } from '@arqonbus/casil';
import type { Ingress, Outcome, Pipeline } from '@arqonbus/pipeline';
import { createEnvelope } from '@arqonbus/protocol';
import type { Clock, Envelope, Limits } from '@arqonbus/protocol';
import type { Counter, Tracing } from '@arqonbus/telemetry';
import type { CommandDispatcher } from '../commands/dispatcher.ts';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { Publisher } from '../publish/publisher.ts';
import { traceIngress } from '../traces/trace-ingress.ts';
import type { ViewSeal } from '../views/view-seal.ts';
import { closeSession } from './close-session.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { readRefusedId } from './read-refused-id.ts';
import type { Session } from './session.ts';

/** Takes the frames of sessions: through the pipeline, then to the Spine or to a command. */
export type AcceptFrame = (session: Session, frame: Uint8Array, isBinary: boolean) => void;

/** Takes one message of a session, in its format and at this time of the monotonic clock. */
export type AcceptMessage = (session: Session, frame: Uint8Array, monotonicMs: number) => void;

/** What accepting messages needs from around it. */
export interface InboundOptions {
  readonly pipeline: Pipeline;
  readonly publisher: Publisher;
  readonly dispatcher: CommandDispatcher;
  readonly misbehaviour: Misbehaviour;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Absent = nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly messages: Counter;
  readonly bytes: Counter;
  readonly seal: Pick<ViewSeal, 'seal'>;
  /** True: each gets a reply, whether it asks for one or not. */
  readonly answersAll?: boolean;
}

/** What stands in the place of the envelope until the decode stage has made one; shared, as nobody writes to it. */
const NOT_DECODED: Envelope = Object.freeze(createEnvelope('error'));

/** Accepts frames into this pipeline. */
export function createAcceptFrame(options: InboundOptions): AcceptFrame {
  const { clock } = options;
  const accept = createAcceptMessage(options);
  return (session, frame, isBinary) => {
    if (session.isClosing) return;
    session.lastSeenMs = clock.monotonicMs();
    if (isBinary === (session.format === 'proto')) accept(session, frame, session.lastSeenMs);
    else closeSession(session, 1003);
  };
}

/** Accepts messages into this pipeline. */
export function createAcceptMessage(options: InboundOptions): AcceptMessage {
  const { pipeline, publisher, dispatcher, clock, tracing, answersAll = false } = options;
  return (session, frame, monotonicMs) => {
    options.messages.inc();
    options.bytes.inc(frame.length);
    session.tenantState.messagesIn += 1;
    session.tenantState.bytesIn += frame.length;
    const ingress: Ingress = { origin: session, frame, nowMs: clock.now(), monotonicMs, envelope: NOT_DECODED };
    const outcome = pipeline(ingress);
    if (tracing !== undefined) traceIngress(tracing, ingress, outcome, clock.monotonicMs());
    if (outcome.kind === 'block') refuse(session, ingress, outcome, options);
    else if (ingress.envelope.type === 'command') dispatcher.dispatch({ session, envelope: ingress.envelope });
    else {
      if (ingress.views !== undefined) sealViews(session, ingress, ingress.views, options);
      if (answersAll) ingress.envelope.ack = true;
      publisher.publish(session, ingress.envelope);
    }
  };
}

/** Sealed once the message has its id, which the seal is bound to (CAS-12). */
function sealViews(
  { tenant }: Session,
  { envelope }: Ingress,
  views: readonly PublicationView[],
  { seal }: InboundOptions,
): void {
  envelope.views = seal.seal(tenant, envelope.id, views);
}

function refuse(
  session: Session,
  { frame, envelope }: Ingress,
  outcome: Extract<Outcome, { kind: 'block' }>,
  { envelopes, send, misbehaviour, limits }: InboundOptions,
): void {
  const { code, errors, retryAfterMs, stage, traceId } = outcome;
  const details = {
    ...outcome.details,
    ...(retryAfterMs > 0 ? { retry_after_ms: retryAfterMs } : {}),
    ...(traceId === '' ? {} : { trace_id: traceId }),
  };
  const requestId = stage === 'rate' ? readRefusedId(frame, session.format, limits) : envelope.id;
  send(session, envelopes.error({ code, requestId, errors, details }));
  // A bug of ours is no bad frame of the client's.
  if (stage === 'decode' && code !== 'INTERNAL_ERROR') misbehaviour.badFrame(session);
  misbehaviour.refused(session, code);
}

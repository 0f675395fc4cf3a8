import type { Pipeline } from '@arqonbus/pipeline';
import type { Activity } from './activity/activity.ts';
import type { CommandParts } from './commands/command-context.ts';
import { createCommandDispatcher } from './commands/dispatcher.ts';
import { createFirstJoin } from './commands/first-join.ts';
import type { FirstJoin } from './commands/first-join.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import { composePipeline } from './compose-pipeline.ts';
import { createReplays } from './history/replays.ts';
import type { Ids } from './ids.ts';
import { createLongReads } from './limits/long-reads.ts';
import { createPrivateMessages } from './publish/private-messages.ts';
import { createPublisher } from './publish/publisher.ts';
import { createRefuse } from './publish/refuse.ts';
import type { Refuse } from './publish/refuse.ts';
import { createAcceptFrame } from './session/inbound.ts';
import type { AcceptFrame } from './session/inbound.ts';
import { createMisbehaviour } from './session/misbehaviour.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What sessions' frames go through. */
export interface InboundParts {
  readonly acceptFrame: AcceptFrame;
  readonly firstJoin: FirstJoin;
}

/** Composes everything between a frame and the Spine. */
export function composeInbound(
  options: ShieldOptions,
  ids: Ids,
  delivery: DeliveryParts,
  activity: Activity,
  mayAuthorize: () => boolean,
): InboundParts {
  const { clock, limits, spine, metrics } = options;
  const { envelopes, send } = delivery;
  const monotonicMs = (): number => clock.monotonicMs();
  const misbehaviour = createMisbehaviour(limits, monotonicMs);
  const refuse = composeRefuse(options, ids, delivery);
  const parts = composeCommandParts(options, ids, delivery);
  const refusedCommands = metrics.labelledCounter(
    'arqonbus_commands_refused_total',
    'Commands refused, by code.',
    'code',
  );
  const executedCommands = metrics.labelledCounter(
    'arqonbus_commands_total',
    'Commands carried out, by name.',
    'command',
  );
  const dispatcher = createCommandDispatcher({
    parts,
    envelopes,
    send,
    refuse,
    mayAuthorize,
    monotonicMs,
    executed: (session, name) => {
      executedCommands.inc(name);
      activity.commandExecuted(session, name);
    },
    refused: (session, code) => {
      refusedCommands.inc(code);
      misbehaviour.refused(session, code);
    },
  });
  const privateMessages = createPrivateMessages(spine, options.privateScope === 'shared_room');
  const acceptFrame = createAcceptFrame({
    pipeline: tellBlocks(composePipeline(options, ids, delivery), activity),
    publisher: createPublisher({ ...options, privateMessages, envelopes, send, refuse, mayAuthorize }),
    dispatcher,
    misbehaviour,
    envelopes,
    send,
    clock,
    limits,
    messages: metrics.counter('arqonbus_messages_in_total', 'Frames received from clients.'),
    bytes: metrics.counter('arqonbus_bytes_in_total', 'Bytes of frames received from clients.'),
  });
  return { acceptFrame, firstJoin: createFirstJoin(parts, refuse) };
}

/** A pipeline that tells what it blocked. */
function tellBlocks(pipeline: Pipeline, activity: Activity): Pipeline {
  return (ingress) => {
    const outcome = pipeline(ingress);
    if (outcome.kind === 'block') activity.messageBlocked(ingress.origin, outcome);
    return outcome;
  };
}

function composeCommandParts(options: ShieldOptions, ids: Ids, delivery: DeliveryParts): CommandParts {
  const longReads = createLongReads();
  const replays = createReplays({
    ...options,
    longReads,
    send: delivery.send,
    onMalformed: () => delivery.counters.malformed.inc(),
    monotonicMs: () => options.clock.monotonicMs(),
    pause: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  });
  return {
    ...options,
    ...delivery,
    node: ids.node,
    startedAtMs: options.clock.now(),
    channelRegistry: options.keyValue.bucket('ARQON_CHANNELS'),
    longReads,
    replays,
  };
}

function composeRefuse({ logger }: ShieldOptions, ids: Ids, { envelopes, send }: DeliveryParts): Refuse {
  return createRefuse(envelopes, send, (context, error) => {
    const traceId = ids.nextTraceId();
    logger.error(
      { event: 'internal_error', trace_id: traceId, ...context, err: error },
      'something failed that cannot',
    );
    return traceId;
  });
}

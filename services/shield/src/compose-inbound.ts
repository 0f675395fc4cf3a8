import type { Ingress, Outcome, Pipeline } from '@arqonbus/pipeline';
import { isCommandName } from '@arqonbus/protocol';
import type { Counter, LogFields, Logger } from '@arqonbus/telemetry';
import type { Activity } from './activity/activity.ts';
import type { BanList } from './bans/ban-list.ts';
import type { CommandParts } from './commands/command-context.ts';
import { createCommandDispatcher } from './commands/dispatcher.ts';
import type { CommandDispatcher } from './commands/dispatcher.ts';
import { createFirstJoin } from './commands/first-join.ts';
import type { FirstJoin } from './commands/first-join.ts';
import type { CasilShieldParts } from './compose-casil.ts';
import type { PolicyShieldParts } from './compose-policy.ts';
import type { DeliveryParts } from './compose-delivery.ts';
import type { SchemaShieldParts } from './compose-schemas.ts';
import type { ResumeParts } from './compose-resume.ts';
import { composePipeline } from './compose-pipeline.ts';
import type { ViewSeal } from './views/view-seal.ts';
import type { Mirror } from './mirror/mirror.ts';
import type { GrantSets, SessionRights } from '@arqonbus/runtime';
import { createArchivedLog } from './history/archived-log.ts';
import { createReplays } from './history/replays.ts';
import type { Ids } from './ids.ts';
import type { FloodHolds } from './limits/flood-holds.ts';
import { createLongReads } from './limits/long-reads.ts';
import { createPrivateMessages } from './publish/private-messages.ts';
import { createPublishCounters } from './publish/publish-counters.ts';
import { createPublisher } from './publish/publisher.ts';
import type { Publisher } from './publish/publisher.ts';
import { createRefuse } from './publish/refuse.ts';
import type { Refuse } from './publish/refuse.ts';
import { createTimedLog } from './publish/timed-log.ts';
import { createAcceptFrame } from './session/inbound.ts';
import type { AcceptFrame, InboundOptions } from './session/inbound.ts';
import { createCutFlooder } from './session/cut-flooder.ts';
import type { CutFlooder } from './session/cut-flooder.ts';
import { createMisbehaviour } from './session/misbehaviour.ts';
import type { Misbehaviour } from './session/misbehaviour.ts';
import type { Session } from './session/session.ts';
import type { ShieldOptions } from './shield-options.ts';
import type { EpisodePublications } from './continuum/episode-publications.ts';
import type { PublicationHooks } from './webhooks/publication-hooks.ts';

/** What frames lead to, and the rights that they are judged by. */
export interface InboundDelivery extends DeliveryParts, Pick<ResumeParts, 'resumes'> {
  readonly rights: SessionRights;
  readonly floodHolds: FloodHolds;
}

/** What sessions' frames go through. */
export interface InboundParts {
  readonly acceptFrame: AcceptFrame;
  readonly cutFlooder: CutFlooder;
  readonly firstJoin: FirstJoin;
  /** The same for who holds no connection. */
  readonly inbound: InboundOptions;
  readonly refuse: Refuse;
}

const COMMAND_BUCKETS_SECONDS = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Composes everything between a frame and the Spine. */
export function composeInbound(
  options: ShieldOptions,
  ids: Ids,
  delivery: InboundDelivery,
  { activity, bans, grants, casil, schemas, policy, mirror, hooks, episodes, seal }: GuardParts,
): InboundParts {
  const { clock, limits, metrics } = options;
  const { envelopes, send } = delivery;
  const cutFlooder = createCutFlooder({ ...delivery, logger: options.logger });
  const misbehaviour = createMisbehaviour(limits, () => clock.monotonicMs(), cutFlooder);
  const internalErrors = metrics.counter('arqonbus_internal_errors_total', 'Bugs of ours that a client has met.');
  const refuse = composeRefuse(options, ids, delivery, internalErrors);
  const parts = composeCommandParts(options, ids, delivery, { activity, casil, policy });
  const watched = [bans, grants, casil.policies, schemas.registry, policy.chains];
  const mayAuthorize = (): boolean => watched.every((watch) => watch.isCurrent());
  const shared = { options, delivery, refuse, mayAuthorize };
  const inbound: InboundOptions = {
    pipeline: tellBlocks(
      composePipeline(options, ids, delivery, internalErrors, { casil, schemas, policy }),
      activity,
      options.logger,
    ),
    publisher: composePublisher(shared, { mirror, hooks, episodes }),
    dispatcher: composeDispatcher(shared, parts, activity, misbehaviour),
    misbehaviour,
    seal,
    envelopes,
    send,
    clock,
    limits,
    tracing: options.tracing,
    messages: metrics.counter('arqonbus_messages_in_total', 'Frames received from clients.'),
    bytes: metrics.counter('arqonbus_bytes_in_total', 'Bytes of frames received from clients.'),
  };
  const firstJoin = createFirstJoin(parts, refuse);
  return { acceptFrame: createAcceptFrame(inbound), cutFlooder, firstJoin, inbound, refuse };
}

/** What tells and bounds what sessions do. */
export interface GuardParts {
  readonly activity: Activity;
  readonly bans: Pick<BanList, 'isCurrent'>;
  readonly grants: Pick<GrantSets, 'isCurrent'>;
  readonly casil: CasilShieldParts;
  readonly mirror: Mirror;
  readonly hooks: PublicationHooks;
  readonly episodes: EpisodePublications;
  readonly schemas: SchemaShieldParts;
  readonly seal: ViewSeal;
  readonly policy: PolicyShieldParts;
}

interface SharedParts {
  readonly options: ShieldOptions;
  readonly delivery: DeliveryParts;
  readonly refuse: Refuse;
  readonly mayAuthorize: () => boolean;
}

function composePublisher(
  { options, delivery: { envelopes, send }, refuse, mayAuthorize }: SharedParts,
  copies: Pick<GuardParts, 'mirror' | 'hooks' | 'episodes'>,
): Publisher {
  const { clock, metrics } = options;
  return createPublisher({
    ...options,
    log: createTimedLog(options.log, metrics, () => clock.monotonicMs()),
    privateMessages: createPrivateMessages(options.spine, () => options.private.scope === 'shared_room'),
    envelopes,
    send,
    refuse,
    mayAuthorize,
    counters: createPublishCounters(metrics),
    ...copies,
  });
}

function composeDispatcher(
  { options, delivery: { envelopes, send }, refuse, mayAuthorize }: SharedParts,
  parts: CommandParts,
  activity: Activity,
  misbehaviour: Misbehaviour,
): CommandDispatcher {
  const { clock, metrics, logger } = options;
  const refused = metrics.labelledCounter('arqonbus_commands_refused_total', 'Commands refused, by code.', 'code');
  const executed = metrics.labelledCounter('arqonbus_commands_total', 'Commands carried out, by name.', 'command');
  return createCommandDispatcher({
    parts,
    envelopes,
    send,
    refuse,
    mayAuthorize,
    isTracing: options.tracing !== undefined,
    monotonicMs: () => clock.monotonicMs(),
    durations: metrics.histogram(
      'arqonbus_command_duration_seconds',
      'From the arrival of a command to its reply.',
      COMMAND_BUCKETS_SECONDS,
    ),
    executed: (session, name) => {
      executed.inc(name);
      logger.debug({ event: 'command_executed', ...idsOf(session), command: name }, 'a command was carried out');
      activity.commandExecuted(session, name);
    },
    refused: (session, code, name) => {
      refused.inc(code);
      const command = isCommandName(name) ? { command: name } : {};
      logger.debug({ event: 'command_refused', ...idsOf(session), ...command, code }, 'a command was refused');
      misbehaviour.refused(session, code);
    },
  });
}

function idsOf({ tenant, clientId }: Session): LogFields {
  return { tenant, client_id: clientId };
}

/** A pipeline that tells what it blocked. */
function tellBlocks(pipeline: Pipeline, activity: Activity, logger: Logger): Pipeline {
  return (ingress) => {
    const outcome = pipeline(ingress);
    if (outcome.kind === 'block') {
      activity.messageBlocked(ingress.origin, outcome);
      logger.debug(blockFields(ingress, outcome), 'a message was refused');
    }
    return outcome;
  };
}

/** Names are logged once they are known to be names: what somebody else calls one may hold anything (TEL-1). */
function blockFields(
  { origin, envelope }: Ingress,
  { stage, code, reason }: Extract<Outcome, { kind: 'block' }>,
): LogFields {
  // What CASIL refuses may stand in a name.
  const hasNames = stage === 'authorize' || stage === 'schema' || stage === 'stamp';
  const { room, channel } = envelope;
  const about = { event: 'message_blocked', tenant: origin.tenant, client_id: origin.clientId, stage, code, reason };
  return hasNames ? { ...about, room, channel } : about;
}

function composeCommandParts(
  options: ShieldOptions,
  ids: Ids,
  delivery: InboundDelivery,
  { activity, casil, policy }: Pick<GuardParts, 'activity' | 'casil' | 'policy'>,
): CommandParts {
  const longReads = createLongReads();
  const archivedLog = createArchivedLog(options);
  const replays = createReplays({
    ...options,
    openLog: archivedLog.openEpoch,
    longReads,
    views: delivery.views,
    send: delivery.send,
    onMalformed: () => delivery.counters.malformed.inc(),
    monotonicMs: () => options.clock.monotonicMs(),
    pause: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  });
  return {
    ...options,
    ...delivery,
    activity,
    casil: casil.policies,
    policies: { ...policy, bucket: options.keyValue.bucket('ARQON_POLICIES') },
    node: ids.node,
    startedAtMs: options.clock.now(),
    channelRegistry: options.keyValue.bucket('ARQON_CHANNELS'),
    longReads,
    replays,
    archivedLog,
  };
}

function composeRefuse(
  { logger }: ShieldOptions,
  ids: Ids,
  { envelopes, send }: DeliveryParts,
  internalErrors: Counter,
): Refuse {
  return createRefuse(envelopes, send, (context, error) => {
    internalErrors.inc();
    const traceId = ids.nextTraceId();
    logger.error(
      { event: 'internal_error', trace_id: traceId, ...context, err: error },
      'something failed that cannot',
    );
    return traceId;
  });
}

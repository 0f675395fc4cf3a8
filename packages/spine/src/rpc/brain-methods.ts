import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { BusError } from '@arqonbus/protocol';
import * as wire from '@arqonbus/protocol/spine-messages';
import { deadlineIn } from '../deadline.ts';
import type { Spine, SpineSubscription } from '../spine.ts';
import type { Subject } from '../subjects/subject.ts';
import { LOG_PARTITION, roomPartition, tenantPartition } from '../subjects/partitions.ts';
import { rpc } from '../subjects/subjects.ts';
import { callMethod } from './call-method.ts';
import { continuumMethods } from './continuum-methods.ts';
import type { ContinuumMethods } from './continuum-methods.ts';
import { cronMethods } from './cron-methods.ts';
import type { CronMethods } from './cron-methods.ts';
import { governanceMethods } from './governance-methods.ts';
import type { GovernanceMethods } from './governance-methods.ts';
import { keyMethods } from './key-methods.ts';
import type { KeyMethods } from './key-methods.ts';
import type { Method } from './method.ts';
import { omegaMethods } from './omega-methods.ts';
import type { OmegaMethods } from './omega-methods.ts';
import type { RpcObserver } from './rpc-observer.ts';
import { BRAIN_QUEUE, serveMethod } from './serve-method.ts';
import type { MethodHandler } from './serve-method.ts';
import { storeMethods } from './store-methods.ts';
import type { StoreMethods } from './store-methods.ts';
import { webhookMethods } from './webhook-methods.ts';
import type { WebhookMethods } from './webhook-methods.ts';

/** Every method of the Brain: what it is asked and what it answers. */
export interface BrainMethods
  extends ContinuumMethods, CronMethods, GovernanceMethods, KeyMethods, OmegaMethods, StoreMethods, WebhookMethods {
  readonly 'channels.create': Method<wire.CreateChannelRequest, wire.CreateChannelResult>;
  readonly 'channels.delete': Method<wire.DeleteChannelRequest, wire.DeleteChannelResult>;
  readonly 'channels.create_room': Method<wire.RoomRequest, wire.RoomResult>;
  readonly 'channels.room_settings': Method<wire.RoomRequest, wire.RoomResult>;
  readonly 'channels.delete_room': Method<wire.DeleteRoomRequest, wire.DeleteRoomResult>;
  readonly 'channels.list': Method<wire.ListChannelsRequest, wire.ListChannelsResult>;
  readonly 'channels.rooms': Method<wire.ListRoomsRequest, wire.ListRoomsResult>;
  readonly 'channels.info': Method<wire.ChannelInfoRequest, wire.ChannelInfoResult>;
  readonly 'membership.report': Method<wire.MembershipReport, wire.MembershipReportResult>;
  readonly 'membership.rooms': Method<wire.RoomCountsRequest, wire.RoomCountsResult>;
  readonly 'membership.members': Method<wire.MembersRequest, wire.MembersResult>;
  readonly 'membership.count': Method<wire.TenantCountRequest, wire.TenantCountResult>;
  readonly 'presence.list': Method<wire.PresenceListRequest, wire.PresenceListResult>;
  readonly 'presence.check': Method<wire.PresenceCheckRequest, wire.PresenceCheckResult>;
  readonly 'resume.claim': Method<wire.ResumeClaimRequest, wire.ResumeClaimResult>;
  readonly 'history.append': Method<wire.LogAppendRequest, wire.LogAppendResult>;
  readonly 'history.read': Method<wire.LogReadRequest, wire.LogReadResult>;
  readonly 'history.position': Method<wire.LogPositionRequest, wire.LogPositionResult>;
  readonly 'history.channels': Method<wire.LogChannelsRequest, wire.LogChannelsResult>;
  readonly 'history.trim': Method<wire.LogTrimRequest, wire.LogTrimResult>;
  readonly 'history.erase': Method<wire.EraseHistoryRequest, wire.EraseHistoryResult>;
  readonly 'archive.read': Method<wire.ArchiveReadRequest, wire.ArchiveReadResult>;
  readonly 'archive.channels': Method<wire.ArchiveChannelsRequest, wire.ArchiveChannelsResult>;
  readonly 'archive.epochs': Method<wire.ArchiveEpochsRequest, wire.ArchiveEpochsResult>;
  readonly 'limits.share': Method<wire.ShareRequest, wire.ShareResult>;
  readonly 'bans.disconnect': Method<wire.DisconnectRequest, wire.DisconnectResult>;
  readonly 'bans.list': Method<wire.ListBansRequest, wire.ListBansResult>;
  readonly 'bans.lift': Method<wire.LiftBanRequest, wire.LiftBanResult>;
  readonly 'grants.put': Method<wire.PutGrantRequest, wire.PutGrantResult>;
  readonly 'grants.list': Method<wire.ListGrantsRequest, wire.ListGrantsResult>;
  readonly 'grants.delete': Method<wire.DeleteGrantRequest, wire.DeleteGrantResult>;
  readonly 'settings.set': Method<wire.SetSettingRequest, wire.SetSettingResult>;
  readonly 'settings.reset': Method<wire.ResetSettingRequest, wire.ResetSettingResult>;
  readonly 'tasks.join': Method<wire.JoinOperatorRequest, wire.JoinOperatorResult>;
  readonly 'tasks.renew': Method<wire.RenewOperatorsRequest, wire.RenewOperatorsResult>;
  readonly 'tasks.operators': Method<wire.ListOperatorsRequest, wire.ListOperatorsResult>;
  readonly 'tasks.submit': Method<wire.SubmitTaskRequest, wire.TaskStatus>;
  readonly 'tasks.report': Method<wire.ReportTaskRequest, wire.TaskStatus>;
  readonly 'tasks.cancel': Method<wire.TaskRequest, wire.TaskStatus>;
  readonly 'tasks.get': Method<wire.TaskRequest, wire.TaskStatus>;
  readonly 'tasks.open': Method<wire.ListTasksRequest, wire.ListTasksResult>;
  readonly 'tasks.dead': Method<wire.ListTasksRequest, wire.ListTasksResult>;
  readonly 'tasks.replay': Method<wire.ReplayTaskRequest, wire.TaskStatus>;
  readonly 'log.regressed': Method<wire.LogRegressedRequest, wire.LogRegressedResult>;
}

/** `<module>.<method>`. */
export type BrainMethod = keyof BrainMethods;

/** What method `M` is asked, as a literal. */
export type BrainRequest<M extends BrainMethod> = MessageInitShape<BrainMethods[M]['request']>;

/** What method `M` answers. */
export type BrainResult<M extends BrainMethod> = MessageShape<BrainMethods[M]['result']>;

/** Answers a method, or refuses with a `BusError`. */
export type BrainHandler<M extends BrainMethod> = MethodHandler<BrainMethods[M]['request'], BrainMethods[M]['result']>;

/** Without a Brain a command is answered `UNAVAILABLE` within this time ("Degraded modes"). */
export const BRAIN_TIMEOUT_MS = 2_000;

/** How long a partition that nobody serves is asked again: it may be on its way from one replica to another. */
const HANDOVER_MS = 1_500;
const HANDOVER_PAUSE_MS = 100;

/** How a method is called. */
export interface CallOptions {
  /** False: a partition that nobody serves right now is not waited for. Default true. */
  readonly awaitsHandover?: boolean;
}

/**
 * Asks the Brain. Throws a `BusError`: the Brain's, or `UNAVAILABLE` when none answers by `deadlineMs`, all tries
 * together. All that one command asks shares one deadline.
 */
export async function callBrain<M extends BrainMethod>(
  spine: Spine,
  method: M,
  request: BrainRequest<M>,
  deadlineMs: number,
  { awaitsHandover = true }: CallOptions = {},
): Promise<BrainResult<M>> {
  const { request: requestSchema, result: resultSchema } = schemasOf(method);
  const partition = partitionOf(method, request);
  const subject = subjectOf(method, partition);
  const lastTryMs = Math.min(deadlineMs, deadlineIn(awaitsHandover && partition !== undefined ? HANDOVER_MS : 0));
  for (;;) {
    try {
      return (await callMethod(spine, subject, requestSchema, request, resultSchema, deadlineMs)) as BrainResult<M>;
    } catch (error) {
      if (!isUnserved(error) || performance.now() >= lastTryMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, HANDOVER_PAUSE_MS));
  }
}

/** Answers a method of the Brain: as one of its replicas, or as the owner of a partition of it. */
export function serveBrain<M extends BrainMethod>(
  spine: Spine,
  method: M,
  handler: BrainHandler<M>,
  observer: RpcObserver,
  partition?: number,
): SpineSubscription {
  const { request, result, isHeardByAll } = schemasOf(method);
  // The table pairs each method with its schemas; inside this function the compiler sees all of them at once.
  const untyped = handler as unknown as MethodHandler<DescMessage, DescMessage>;
  const queue = isHeardByAll === true ? undefined : BRAIN_QUEUE;
  return serveMethod(
    spine,
    { method, subject: subjectOf(method, partition), request, result, queue },
    untyped,
    observer,
  );
}

const ofTenant = (request: { readonly tenant?: string }): number => tenantPartition(request.tenant ?? '');
const ofRoom = (request: { readonly tenant?: string; readonly room?: string }): number =>
  roomPartition(request.tenant ?? '', request.room ?? '');
const asNamed = (request: { readonly partition?: number }): number => request.partition ?? 0;

const schemas: BrainMethods = {
  ...continuumMethods,
  ...cronMethods,
  ...governanceMethods,
  ...keyMethods,
  ...omegaMethods,
  ...storeMethods,
  ...webhookMethods,
  'channels.create': {
    request: wire.CreateChannelRequestSchema,
    result: wire.CreateChannelResultSchema,
    partition: ({ tenant = '', record }) => roomPartition(tenant, record?.room ?? ''),
  },
  'channels.delete': {
    request: wire.DeleteChannelRequestSchema,
    result: wire.DeleteChannelResultSchema,
    partition: ofRoom,
  },
  'channels.create_room': { request: wire.RoomRequestSchema, result: wire.RoomResultSchema, partition: ofRoom },
  'channels.room_settings': { request: wire.RoomRequestSchema, result: wire.RoomResultSchema, partition: ofRoom },
  'channels.delete_room': {
    request: wire.DeleteRoomRequestSchema,
    result: wire.DeleteRoomResultSchema,
    partition: ofRoom,
  },
  'channels.list': {
    request: wire.ListChannelsRequestSchema,
    result: wire.ListChannelsResultSchema,
    partition: ofRoom,
  },
  'channels.rooms': { request: wire.ListRoomsRequestSchema, result: wire.ListRoomsResultSchema },
  'channels.info': { request: wire.ChannelInfoRequestSchema, result: wire.ChannelInfoResultSchema, partition: ofRoom },
  'membership.report': {
    request: wire.MembershipReportSchema,
    result: wire.MembershipReportResultSchema,
    partition: asNamed,
    isHeardByAll: true,
  },
  'membership.rooms': {
    request: wire.RoomCountsRequestSchema,
    result: wire.RoomCountsResultSchema,
    partition: asNamed,
  },
  'membership.members': { request: wire.MembersRequestSchema, result: wire.MembersResultSchema, partition: ofRoom },
  'membership.count': {
    request: wire.TenantCountRequestSchema,
    result: wire.TenantCountResultSchema,
    partition: ofTenant,
  },
  'presence.list': {
    request: wire.PresenceListRequestSchema,
    result: wire.PresenceListResultSchema,
    partition: ofRoom,
  },
  'presence.check': {
    request: wire.PresenceCheckRequestSchema,
    result: wire.PresenceCheckResultSchema,
    partition: asNamed,
  },
  'resume.claim': {
    request: wire.ResumeClaimRequestSchema,
    result: wire.ResumeClaimResultSchema,
    partition: ofTenant,
  },
  'history.append': { request: wire.LogAppendRequestSchema, result: wire.LogAppendResultSchema, partition: asNamed },
  'history.read': { request: wire.LogReadRequestSchema, result: wire.LogReadResultSchema },
  'history.position': { request: wire.LogPositionRequestSchema, result: wire.LogPositionResultSchema },
  'history.channels': { request: wire.LogChannelsRequestSchema, result: wire.LogChannelsResultSchema },
  'history.trim': { request: wire.LogTrimRequestSchema, result: wire.LogTrimResultSchema },
  'history.erase': {
    request: wire.EraseHistoryRequestSchema,
    result: wire.EraseHistoryResultSchema,
    partition: () => LOG_PARTITION,
  },
  'archive.read': { request: wire.ArchiveReadRequestSchema, result: wire.ArchiveReadResultSchema },
  'archive.channels': { request: wire.ArchiveChannelsRequestSchema, result: wire.ArchiveChannelsResultSchema },
  'archive.epochs': { request: wire.ArchiveEpochsRequestSchema, result: wire.ArchiveEpochsResultSchema },
  'limits.share': { request: wire.ShareRequestSchema, result: wire.ShareResultSchema, partition: asNamed },
  'bans.disconnect': {
    request: wire.DisconnectRequestSchema,
    result: wire.DisconnectResultSchema,
    partition: ofTenant,
  },
  'bans.list': { request: wire.ListBansRequestSchema, result: wire.ListBansResultSchema },
  'bans.lift': { request: wire.LiftBanRequestSchema, result: wire.LiftBanResultSchema },
  'grants.put': { request: wire.PutGrantRequestSchema, result: wire.PutGrantResultSchema },
  'grants.list': { request: wire.ListGrantsRequestSchema, result: wire.ListGrantsResultSchema },
  'grants.delete': { request: wire.DeleteGrantRequestSchema, result: wire.DeleteGrantResultSchema },
  'settings.set': { request: wire.SetSettingRequestSchema, result: wire.SetSettingResultSchema },
  'settings.reset': { request: wire.ResetSettingRequestSchema, result: wire.ResetSettingResultSchema },
  'tasks.join': {
    request: wire.JoinOperatorRequestSchema,
    result: wire.JoinOperatorResultSchema,
    partition: ofTenant,
    isHeardByAll: true,
  },
  'tasks.renew': {
    request: wire.RenewOperatorsRequestSchema,
    result: wire.RenewOperatorsResultSchema,
    partition: ofTenant,
    isHeardByAll: true,
  },
  'tasks.operators': {
    request: wire.ListOperatorsRequestSchema,
    result: wire.ListOperatorsResultSchema,
    partition: ofTenant,
  },
  'tasks.submit': { request: wire.SubmitTaskRequestSchema, result: wire.TaskStatusSchema, partition: ofTenant },
  'tasks.report': { request: wire.ReportTaskRequestSchema, result: wire.TaskStatusSchema, partition: ofTenant },
  'tasks.cancel': { request: wire.TaskRequestSchema, result: wire.TaskStatusSchema, partition: ofTenant },
  'tasks.get': { request: wire.TaskRequestSchema, result: wire.TaskStatusSchema, partition: ofTenant },
  'tasks.open': { request: wire.ListTasksRequestSchema, result: wire.ListTasksResultSchema, partition: ofTenant },
  'tasks.dead': {
    request: wire.ListTasksRequestSchema,
    result: wire.ListTasksResultSchema,
    partition: ofTenant,
  },
  'tasks.replay': { request: wire.ReplayTaskRequestSchema, result: wire.TaskStatusSchema, partition: ofTenant },
  'log.regressed': { request: wire.LogRegressedRequestSchema, result: wire.LogRegressedResultSchema },
};

/** The names of all methods. */
export const brainMethodNames: readonly BrainMethod[] = Object.keys(schemas) as BrainMethod[];

interface Schemas {
  readonly request: DescMessage;
  readonly result: DescMessage;
  readonly isHeardByAll?: true;
}

function schemasOf(method: BrainMethod): Schemas {
  return schemas[method];
}

function partitionOf<M extends BrainMethod>(method: M, request: BrainRequest<M>): number | undefined {
  const { partition } = schemas[method] as { readonly partition?: (request: BrainRequest<M>) => number };
  return partition?.(request);
}

function subjectOf(method: BrainMethod, partition: number | undefined): Subject {
  const [module = '', name = ''] = method.split('.');
  return rpc(module, name, partition);
}

/** Nobody serves the subject: no answer was lost, so asking again does nothing twice. */
function isUnserved(error: unknown): boolean {
  return error instanceof BusError && error.cause instanceof BusError && error.cause.code === 'NOT_FOUND';
}

import type { DescMessage, Message, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import * as wire from '@arqonbus/protocol/spine-messages';
import type { Spine, SpineSubscription } from '../spine.ts';
import type { Subject } from '../subjects/subject.ts';
import { rpc } from '../subjects/subjects.ts';
import { callMethod } from './call-method.ts';
import type { RpcObserver } from './rpc-observer.ts';
import { serveMethod } from './serve-method.ts';
import type { MethodHandler } from './serve-method.ts';

interface Method<Request extends Message, Result extends Message> {
  readonly request: GenMessage<Request>;
  readonly result: GenMessage<Result>;
}

/** Every method of the Brain: what it is asked and what it answers. */
export interface BrainMethods {
  readonly 'channels.create': Method<wire.CreateChannelRequest, wire.CreateChannelResult>;
  readonly 'channels.delete': Method<wire.DeleteChannelRequest, wire.DeleteChannelResult>;
  readonly 'channels.list': Method<wire.ListChannelsRequest, wire.ListChannelsResult>;
  readonly 'channels.rooms': Method<wire.ListRoomsRequest, wire.ListRoomsResult>;
  readonly 'channels.info': Method<wire.ChannelInfoRequest, wire.ChannelInfoResult>;
  readonly 'membership.report': Method<wire.MembershipReport, wire.MembershipReportResult>;
  readonly 'membership.members': Method<wire.MembersRequest, wire.MembersResult>;
  readonly 'membership.count': Method<wire.TenantCountRequest, wire.TenantCountResult>;
  readonly 'bans.disconnect': Method<wire.DisconnectRequest, wire.DisconnectResult>;
  readonly 'bans.list': Method<wire.ListBansRequest, wire.ListBansResult>;
  readonly 'bans.lift': Method<wire.LiftBanRequest, wire.LiftBanResult>;
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

/** Asks the Brain. Throws a `BusError`: the Brain's, or `UNAVAILABLE` when none answers in `timeoutMs`. */
export async function callBrain<M extends BrainMethod>(
  spine: Spine,
  method: M,
  request: BrainRequest<M>,
  timeoutMs: number = BRAIN_TIMEOUT_MS,
): Promise<BrainResult<M>> {
  const { request: requestSchema, result: resultSchema } = schemasOf(method);
  const result = await callMethod(spine, subjectOf(method), requestSchema, request, resultSchema, timeoutMs);
  return result as BrainResult<M>;
}

/** Answers a method of the Brain, as one of its replicas. */
export function serveBrain<M extends BrainMethod>(
  spine: Spine,
  method: M,
  handler: BrainHandler<M>,
  observer: RpcObserver,
): SpineSubscription {
  const { request, result } = schemasOf(method);
  // The table pairs each method with its schemas; inside this function the compiler sees all of them at once.
  const untyped = handler as unknown as MethodHandler<DescMessage, DescMessage>;
  return serveMethod(spine, subjectOf(method), request, result, untyped, observer);
}

const schemas: BrainMethods = {
  'channels.create': { request: wire.CreateChannelRequestSchema, result: wire.CreateChannelResultSchema },
  'channels.delete': { request: wire.DeleteChannelRequestSchema, result: wire.DeleteChannelResultSchema },
  'channels.list': { request: wire.ListChannelsRequestSchema, result: wire.ListChannelsResultSchema },
  'channels.rooms': { request: wire.ListRoomsRequestSchema, result: wire.ListRoomsResultSchema },
  'channels.info': { request: wire.ChannelInfoRequestSchema, result: wire.ChannelInfoResultSchema },
  'membership.report': { request: wire.MembershipReportSchema, result: wire.MembershipReportResultSchema },
  'membership.members': { request: wire.MembersRequestSchema, result: wire.MembersResultSchema },
  'membership.count': { request: wire.TenantCountRequestSchema, result: wire.TenantCountResultSchema },
  'bans.disconnect': { request: wire.DisconnectRequestSchema, result: wire.DisconnectResultSchema },
  'bans.list': { request: wire.ListBansRequestSchema, result: wire.ListBansResultSchema },
  'bans.lift': { request: wire.LiftBanRequestSchema, result: wire.LiftBanResultSchema },
};

function schemasOf(method: BrainMethod): { readonly request: DescMessage; readonly result: DescMessage } {
  return schemas[method];
}

function subjectOf(method: BrainMethod): Subject {
  const [module = '', name = ''] = method.split('.');
  return rpc(module, name);
}

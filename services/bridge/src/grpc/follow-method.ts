import type { BridgeService, FollowRequest } from '@arqonbus/protocol/bridge-messages';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { Identify } from '../caller/identify.ts';
import { followChannel } from '../operations/follow-channel.ts';
import type { FollowItem } from '../operations/follow-item.ts';
import { envelopeMessageOf } from './envelope-message.ts';
import { callOf } from './grpc-call.ts';
import type { MethodOptions } from './publish-methods.ts';

type FollowMethod = ServiceImpl<typeof BridgeService>['follow'];
type FollowAnswer = MessageInitShape<(typeof BridgeService)['method']['follow']['output']>;

/** Who does not read for so long is cut. */
const STUCK_MS = 30_000;

/** Follows a channel, as server-sent events do. */
export function createFollowMethod(options: Pick<MethodOptions, 'spine' | 'limits'>, identify: Identify): FollowMethod {
  return async function* follow(request, context) {
    const { cut } = callOf(context);
    for await (const items of followChannel(followRequestOf(request, context, identify), options.spine)) {
      for (const item of items) {
        const timer = setTimeout(cut, STUCK_MS);
        try {
          yield answerOf(item, options);
        } finally {
          clearTimeout(timer);
        }
      }
    }
  };
}

function followRequestOf({ room, channel, after }: FollowRequest, context: HandlerContext, identify: Identify) {
  return {
    room,
    channel,
    after: after === undefined ? undefined : { epoch: after.epoch, seq: Number(after.seq) },
    identify: () => identify(context.requestHeader.get('authorization') ?? ''),
    signal: context.signal,
  };
}

function answerOf(item: FollowItem, { limits }: Pick<MethodOptions, 'limits'>): FollowAnswer {
  const position =
    item.position === undefined ? {} : { position: { epoch: item.position.epoch, seq: BigInt(item.position.seq) } };
  if (item.kind === 'gap') return { item: { case: 'gap', value: { reason: item.reason } }, ...position };
  return { item: { case: 'publication', value: envelopeMessageOf(item.json, limits) }, ...position };
}

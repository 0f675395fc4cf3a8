import { BusError } from '@arqonbus/protocol';
import type { Envelope, Limits } from '@arqonbus/protocol';
import type { BridgeService } from '@arqonbus/protocol/bridge-messages';
import type { EdgeOutcome, Spine } from '@arqonbus/spine';
import type { JsonObject } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { broadcastOf, publishBatch, publishOne } from '../operations/publish-envelopes.ts';
import type { BatchOutcome } from '../operations/publish-envelopes.ts';
import type { Operation } from '../operations/operation.ts';
import { readEnvelopeMessage } from './envelope-message.ts';

/** What methods are made from. */
export interface MethodOptions {
  readonly spine: Spine;
  readonly limits: Limits;
  readonly operationOf: (context: HandlerContext) => Operation;
}

type PublishMethods = Pick<ServiceImpl<typeof BridgeService>, 'publish' | 'publishBatch' | 'private' | 'broadcast'>;

/** Methods that publish, all through the edge (SAF-3). */
export function createPublishMethods({ spine, limits, operationOf }: MethodOptions): PublishMethods {
  const one = async (context: HandlerContext, envelope: Envelope) =>
    placeOf(await publishOne(operationOf(context), envelope, spine));
  return {
    publish: ({ message }, context) => one(context, readEnvelopeMessage(message, 'event', limits)),
    private: ({ message }, context) => one(context, readEnvelopeMessage(message, 'private', limits)),
    broadcast: ({ message }, context) => one(context, broadcastOf(readEnvelopeMessage(message, 'event', limits))),
    publishBatch: async ({ messages }, context) => {
      const read = (index: number): Envelope => readEnvelopeMessage(messages[index], 'event', limits);
      const outcomes = await publishBatch(operationOf(context), messages.length, read, spine);
      return { outcomes: outcomes.map((outcome) => ({ outcome: describe(outcome) })) };
    },
  };
}

interface Place {
  readonly id: string;
  readonly seq?: bigint;
  readonly epoch?: string;
  readonly duplicate?: boolean;
}

function placeOf({ id, payload }: Extract<EdgeOutcome, { ok: true }>): Place {
  const { seq, epoch, duplicate } = payload as { readonly seq?: number; readonly epoch?: string; duplicate?: boolean };
  return {
    id,
    ...(seq === undefined ? {} : { seq: BigInt(seq) }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(duplicate === undefined ? {} : { duplicate }),
  };
}

function describe(outcome: BatchOutcome) {
  if (!(outcome instanceof BusError) && outcome.ok) return { case: 'published' as const, value: placeOf(outcome) };
  const error = outcome instanceof BusError ? outcome.message : outcome.text;
  const details = { ...outcome.details } as JsonObject;
  return { case: 'refused' as const, value: { error, errorCode: outcome.code, details } };
}

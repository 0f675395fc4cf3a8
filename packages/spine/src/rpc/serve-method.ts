import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { BusError } from '@arqonbus/protocol';
import { BrainReplySchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { Spine, SpineSubscription } from '../spine.ts';
import type { Subject } from '../subjects/subject.ts';
import type { RpcObserver } from './rpc-observer.ts';

/** The queue group whose members share the requests to the Brain. */
export const BRAIN_QUEUE = 'brain';

/**
 * Does the work of a method, with what it needs of others done by `deadlineMs` (see `deadlineIn`). Refuses by throwing a
 * `BusError`; anything else it throws is a bug of ours.
 */
export type MethodHandler<Request extends DescMessage, Result extends DescMessage> = (
  request: MessageShape<Request>,
  deadlineMs: number,
) => Promise<MessageInitShape<Result>> | MessageInitShape<Result>;

/** Where a method is served, and what it speaks. */
export interface Endpoint<Request extends DescMessage, Result extends DescMessage> {
  /** `<module>.<method>`, without a partition. */
  readonly method: string;
  readonly subject: Subject;
  readonly request: Request;
  readonly result: Result;
  /** One member of it answers each request; undefined = every server does. */
  readonly queue: string | undefined;
}

/**
 * Answers the requests on a subject, each with one `BrainReply`: the result, the code and text of a `BusError`,
 * `VALIDATION_ERROR` for a malformed request, or `INTERNAL_ERROR` without any detail.
 */
export function serveMethod<Request extends DescMessage, Result extends DescMessage>(
  spine: Spine,
  { method, subject, queue, request: requestSchema, result: resultSchema }: Endpoint<Request, Result>,
  handler: MethodHandler<Request, Result>,
  observer: RpcObserver,
): SpineSubscription {
  async function answer(data: Uint8Array, deadlineMs: number, traceparent: string): Promise<Uint8Array> {
    const startedMs = performance.now();
    const refuse = (error: BusError): Uint8Array => {
      observer.onAnswered(method, performance.now() - startedMs, error.code, traceparent);
      return encodeError(error);
    };
    const request = readMessage(requestSchema, data);
    if (request === undefined) {
      observer.onMalformed(subject);
      return refuse(new BusError('VALIDATION_ERROR'));
    }
    try {
      const result = create(resultSchema, await handler(request, deadlineMs));
      const reply = toBinary(BrainReplySchema, create(BrainReplySchema, { result: toBinary(resultSchema, result) }));
      observer.onAnswered(method, performance.now() - startedMs, '', traceparent);
      return reply;
    } catch (error) {
      if (error instanceof BusError) return refuse(error);
      observer.onFailure(subject, error);
      return refuse(new BusError('INTERNAL_ERROR'));
    }
  }
  return spine.serve(subject, answer, queue);
}

/** Says that nothing was done, since this is not the one to ask any more: who asks may ask again. */
export const UNSERVED_REPLY: Uint8Array = toBinary(
  BrainReplySchema,
  create(BrainReplySchema, { errorCode: 'UNAVAILABLE', unserved: true }),
);

function encodeError(error: BusError): Uint8Array {
  return toBinary(BrainReplySchema, create(BrainReplySchema, { errorCode: error.code, error: error.message }));
}

import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { BusError, isErrorCode } from '@arqonbus/protocol';
import { BrainReplySchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { Spine } from '../spine.ts';
import type { Subject } from '../subjects/subject.ts';

/**
 * Asks a method and gives its result. Throws a `BusError`: with the code and text of the one who answered, or
 * `UNAVAILABLE` when nobody serves the method or no answer came by `deadlineMs` (see `deadlineIn`).
 */
export async function callMethod<Request extends DescMessage, Result extends DescMessage>(
  spine: Spine,
  subject: Subject,
  requestSchema: Request,
  request: MessageInitShape<Request>,
  resultSchema: Result,
  deadlineMs: number,
): Promise<MessageShape<Result>> {
  const data = toBinary(requestSchema, create(requestSchema, request));
  const reply = await ask(spine, subject, data, deadlineMs - performance.now());
  const { result, errorCode, error, unserved } = decode(BrainReplySchema, reply);
  if (unserved) throw new BusError('UNAVAILABLE', undefined, { cause: new BusError('NOT_FOUND') });
  if (errorCode === '') return decode(resultSchema, result);
  throw isErrorCode(errorCode) ? new BusError(errorCode, error) : new BusError('INTERNAL_ERROR');
}

async function ask(spine: Spine, subject: Subject, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  if (timeoutMs <= 0) throw new BusError('UNAVAILABLE');
  try {
    return await spine.request(subject, data, timeoutMs);
  } catch (cause) {
    throw new BusError('UNAVAILABLE', undefined, { cause });
  }
}

function decode<Schema extends DescMessage>(schema: Schema, data: Uint8Array): MessageShape<Schema> {
  try {
    return fromBinary(schema, data);
  } catch (cause) {
    throw new BusError('INTERNAL_ERROR', undefined, { cause });
  }
}

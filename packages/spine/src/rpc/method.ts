import type { Message, MessageInitShape } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';

/** What a method of the Brain is asked and what it answers, and who answers it. */
export interface Method<Request extends Message, Result extends Message> {
  readonly request: GenMessage<Request>;
  readonly result: GenMessage<Result>;
  /** Whose owner answers; absent = any replica does. */
  readonly partition?: (request: MessageInitShape<GenMessage<Request>>) => number;
  /** Heard by every server, and answered by the first: while a partition changes hands both owners must know. */
  readonly isHeardByAll?: true;
}

import type { ErrorCode } from '@arqonbus/protocol';
import type { Subject } from '../subjects/subject.ts';

/** Who wants to know what goes wrong while serving methods; nothing of it reaches the caller. */
export interface RpcObserver {
  /** A request that could not be decoded (SPN-3). */
  onMalformed(subject: Subject): void;
  /**
   * A request was answered after this time; the code is that of a refusal, '' = there was none. The trace context is
   * the request's; '' = none.
   */
  onAnswered(method: string, durationMs: number, code: ErrorCode | '', traceparent: string): void;
  /** A handler failed with something other than a `BusError`. */
  onFailure(subject: Subject, error: unknown): void;
}

import { errorTable } from './error-table.ts';
import type { ErrorCode } from './error-table.ts';

/** A failed I/O or refused call, with the code that the client is told. The message is safe to show to a client. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly code: ErrorCode;
  /** Members for the `payload` of the error frame, such as `retry_after_ms`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, text: string = errorTable[code].text, options: BusErrorOptions = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Extra parts of a {@link BusError}. */
export interface BusErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

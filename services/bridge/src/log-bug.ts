import { randomBytes } from 'node:crypto';
import type { Logger } from '@arqonbus/telemetry';

/** Logs what cannot happen, under an id that is told to the caller in its place (PRT-10). */
export function createLogBug(logger: Logger): (bug: unknown) => string {
  return (bug) => {
    const traceId = randomBytes(16).toString('hex');
    logger.error({ event: 'internal_error', trace_id: traceId, err: bug }, 'a request failed that cannot');
    return traceId;
  };
}

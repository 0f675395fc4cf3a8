import type { Refusal } from './decode-result.ts';
import { ANY_SEQ } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import type { ErrorCode } from './errors/error-table.ts';
import { withoutReservedKeys } from './json/without-reserved-keys.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Limits } from './limits.ts';

/**
 * Holds a decoded envelope to what a client may send; undefined = it may. Fields that are the server's word (`sender`,
 * `request_id`, `status`, `error`, `error_code`, `seq`, `prev_seq`, `epoch`) are cleared in place, and reserved keys are
 * dropped from `metadata`. `limits` are those that it was decoded with. Services may send `system`, too (PRT-18).
 */
export function checkInbound(
  envelope: Envelope,
  limits: Limits = DEFAULT_LIMITS,
  isService = false,
): Refusal | undefined {
  clearServerFields(envelope);
  if (envelope.metadata.length > 0) envelope.metadata = withoutReservedKeys(envelope.metadata, limits);
  if (envelope.room === '*') return refuse(envelope, 'VALIDATION_ERROR', 'room', 'is not a name');
  // Who asked for a condition must not be served without it.
  if (envelope.expectedSeq !== ANY_SEQ && envelope.type !== 'event') {
    return refuse(envelope, 'VALIDATION_ERROR', 'expected_seq', 'is for events alone');
  }
  switch (envelope.type) {
    case 'event':
    case 'telemetry':
      return undefined;
    case 'private':
      return checkTargetCount(envelope, limits);
    case 'command':
      return envelope.command === '' ? refuse(envelope, 'VALIDATION_ERROR', 'command', 'is required') : undefined;
    default:
      if (envelope.type === 'system' && isService) return undefined;
      return refuse(envelope, 'UNKNOWN_TYPE', 'type', 'cannot be sent by clients');
  }
}

function checkTargetCount(envelope: Envelope, limits: Limits): Refusal | undefined {
  if (envelope.to.length === 0) return refuse(envelope, 'VALIDATION_ERROR', 'to', 'is required');
  if (envelope.to.length <= limits.maxTargets) return undefined;
  return refuse(envelope, 'VALIDATION_ERROR', 'to', 'has too many entries');
}

function clearServerFields(envelope: Envelope): void {
  envelope.sender = '';
  envelope.requestId = '';
  envelope.status = '';
  envelope.error = '';
  envelope.errorCode = '';
  envelope.seq = 0;
  envelope.prevSeq = 0;
  envelope.epoch = '';
}

function refuse(envelope: Envelope, code: ErrorCode, field: string, problem: string): Refusal {
  return { ok: false, code, errors: [{ field, problem }], id: envelope.id };
}

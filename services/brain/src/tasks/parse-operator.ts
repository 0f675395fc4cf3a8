import { BusError, isName, isPrintable } from '@arqonbus/protocol';
import type { OperatorRecord } from '@arqonbus/protocol/spine-messages';
import { parseClient, parseUser } from '../requests/parse-request.ts';

const MAX_CAPABILITIES = 32;
const MAX_CAPABILITY_LENGTH = 128;
const MAX_IN_FLIGHT = 1_000;
const MAX_METADATA_BYTES = 2_048;

/** What an operator may be able to do, as tokens name it (OPR-4). */
export function isCapability(text: string): boolean {
  return text.length > 0 && text.length <= MAX_CAPABILITY_LENGTH && isPrintable(text);
}

/** An operator as a Shield tells of it; throws `VALIDATION_ERROR` for anything else. */
export function parseOperator(record: OperatorRecord | undefined): OperatorRecord {
  if (record === undefined) return refuse('The operator is missing.');
  parseClient(record.clientId);
  parseUser(record.user);
  if (!isName(record.group)) return refuse('The group is malformed.');
  if (record.capabilities.length > MAX_CAPABILITIES || !record.capabilities.every(isCapability))
    return refuse('The capabilities are malformed.');
  if (record.maxInFlight < 1 || record.maxInFlight > MAX_IN_FLIGHT)
    return refuse(`An operator works on 1 to ${MAX_IN_FLIGHT} tasks.`);
  if (record.metadata.length > MAX_METADATA_BYTES)
    return refuse(`The metadata is larger than ${MAX_METADATA_BYTES} bytes.`);
  return record;
}

function refuse(text: string): never {
  throw new BusError('VALIDATION_ERROR', text);
}

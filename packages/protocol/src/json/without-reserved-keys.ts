import { ByteWriter } from '../bytes/byte-writer.ts';
import { NO_BYTES } from '../envelope.ts';
import { createFieldIndex } from './json-fields.ts';
import { JsonScanner } from './json-scanner.ts';
import type { FieldIndex } from './json-scanner.ts';
import type { ScanLimits } from './scan-limits.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Keys of `metadata` that only servers set. */
export const reservedMetadataKeys: readonly string[] = [
  'tenant_id',
  'casil',
  'client_timestamp',
  'cron_job_id',
  'iteration',
  'shadow',
  'replay',
];

const reserved = createFieldIndex(reservedMetadataKeys, -1);
const scanner = new JsonScanner();
const writer = new ByteWriter();

let members = 0;
let isReserved = new Uint8Array(64);
let spans = { starts: new Int32Array(64), ends: new Int32Array(64) };

/** Numbers the members in their order, and marks the reserved ones. */
const everyMember: FieldIndex = {
  lenientField: -1,
  find(bytes, start, end) {
    isReserved[members] = reserved.find(bytes, start, end) >= 0 ? 1 : 0;
    return members++;
  },
};

/**
 * The object without its reserved keys: `object` itself when it has none, fresh bytes otherwise, and no bytes when
 * nothing is left. What stays is copied as it is written. `object` is the text of a JSON object that has been scanned
 * with these limits.
 */
export function withoutReservedKeys(object: Uint8Array, limits: ScanLimits): Uint8Array {
  if (isReserved.length < limits.maxKeysPerObject) {
    isReserved = new Uint8Array(limits.maxKeysPerObject);
    spans = { starts: new Int32Array(isReserved.length), ends: new Int32Array(isReserved.length) };
  }
  members = 0;
  scanner.begin(object, object.length, limits, false);
  scanner.members(0, everyMember, spans);
  scanner.finish();
  if (!isReserved.subarray(0, members).includes(1)) return object;
  for (let member = 0; member < members; member++) {
    if (isReserved[member] === 1) continue;
    writer.byte(writer.length === 0 ? OPEN_OBJECT : COMMA);
    writer.append(object.subarray(memberStart(object, member), spans.ends[member]));
  }
  if (writer.length === 0) return NO_BYTES;
  writer.byte(CLOSE_OBJECT);
  return writer.take();
}

/** The quote that opens the key: the first one after the member before. */
function memberStart(object: Uint8Array, member: number): number {
  return object.indexOf(QUOTE, member === 0 ? 1 : spans.ends[member - 1]);
}

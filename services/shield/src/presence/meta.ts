import { BusError } from '@arqonbus/protocol';
import { jsonBytes } from '../delivery/frames.ts';

/** Others get it with every list and event, so it is small. */
const MAX_META_BYTES = 1_024;

const NONE = new Uint8Array(0);

/** What a client says of itself to others, as JSON; `{}` is none. Throws `PAYLOAD_TOO_LARGE` beyond 1 KiB. */
export function encodeMeta(meta: object): Uint8Array {
  const bytes = jsonBytes(meta);
  if (bytes.length > MAX_META_BYTES) throw new BusError('PAYLOAD_TOO_LARGE', `meta may hold ${MAX_META_BYTES} bytes.`);
  return Object.keys(meta).length === 0 ? NONE : bytes;
}

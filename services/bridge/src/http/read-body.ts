import type { IncomingMessage } from 'node:http';
import { BusError } from '@arqonbus/protocol';

/** The whole body of a request. Throws `PAYLOAD_TOO_LARGE` as soon as it is longer than it may be. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new BusError('PAYLOAD_TOO_LARGE');
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxBytes) throw new BusError('PAYLOAD_TOO_LARGE');
      parts.push(part);
    }
  } catch (cause) {
    // Who broke off will not hear it.
    throw cause instanceof BusError ? cause : new BusError('VALIDATION_ERROR', 'The body broke off.', { cause });
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}

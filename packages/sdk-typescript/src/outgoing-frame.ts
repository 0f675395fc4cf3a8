import { BusError } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { Connector } from './connector.ts';
import { MAX_BUFFERED_BYTES } from './socket-connection.ts';
import type { WireFormat } from './wire-format.ts';

/** Sends one envelope, or tells why it was not sent. A frame over the limit would cost the connection (1009). */
export function transmit(envelope: Envelope, format: WireFormat, connector: Connector): BusError | undefined {
  const { state } = connector;
  if (state.kind !== 'connected') return notConnected();
  const frame = format.encode(envelope);
  const { maxFrameBytes } = state.welcome.limits;
  if (frame.bytes > maxFrameBytes) {
    return new BusError('PAYLOAD_TOO_LARGE', `The message takes ${frame.bytes} bytes; ${maxFrameBytes} are allowed.`);
  }
  if (connector.bufferedBytes + frame.bytes > MAX_BUFFERED_BYTES) {
    return new BusError('UNAVAILABLE', 'The network does not keep up; the message was not sent.');
  }
  return connector.send(frame) ? undefined : notConnected();
}

/** What is told to who wants to send without a connection. */
export function notConnected(): BusError {
  return new BusError('UNAVAILABLE', 'The client is not connected.');
}

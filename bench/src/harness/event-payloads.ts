import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import { COUNTER_MARK, COUNTER_PREFIX, TIME_MARK, TIME_PREFIX } from '../load/stamp.ts';

const encoder = new TextEncoder();
const FILLER = 'The quick brown fox jumps over the lazy dog. ';

/** A JSON value of exactly `bytes` bytes that carries the time of sending; at least 40. */
export function jsonPayload(bytes: number): string {
  const start = `{${TIME_PREFIX}${TIME_MARK}","text":"`;
  return `${start}${filler(bytes - start.length - 2)}"}`;
}

/** A JSON event of a client: the frame's payload as text, with an id that differs in each message. */
export function jsonEvent(target: string, payload: string, wantsAck = false): Uint8Array {
  const [room, channel] = target.split(':');
  const ack = wantsAck ? ',"ack":true' : '';
  return encoder.encode(
    `{"type":"event","id":"${eventId()}","room":"${room}","channel":"${channel}"${ack},"payload":${payload}}`,
  );
}

/** A JSON event of exactly `bytes` bytes. */
export function jsonEventOfSize(target: string, bytes: number): Uint8Array {
  return jsonEvent(target, jsonPayload(bytes - jsonEvent(target, '').length));
}

/** The same event as Protobuf. */
export function protoEvent(target: string, payload: string, wantsAck = false): Uint8Array {
  const [room = '', channel = ''] = target.split(':');
  return encodeProtoEnvelope({
    ...createEnvelope('event'),
    id: eventId(),
    room,
    channel,
    ack: wantsAck,
    payload: encoder.encode(payload),
  });
}

/** What a yardstick is sent: as many bytes as our server delivers for the same payload. */
export function plainMessage(bytes: number): Uint8Array {
  return encoder.encode(jsonPayload(bytes));
}

/** The same for socket.io, whose own framing counts. */
export function socketIoMessage(bytes: number): Uint8Array {
  return encoder.encode(`42["m",${jsonPayload(bytes - 8)}]`);
}

/** A JSON value of about `bytes` bytes as programs send them: a list of records with texts, numbers and flags. */
export function jsonRecord(bytes: number): string {
  const records: object[] = [];
  const size = (): number => JSON.stringify({ records }).length;
  for (let index = 0; size() < bytes; index += 1) {
    records.push({
      id: 1_000 + index,
      name: `sensor "${index}" – Zürich`,
      value: index * 1.25 - 3,
      ok: index % 3 !== 0,
      tags: ['a', null],
    });
  }
  return JSON.stringify({ records });
}

function eventId(): string {
  return `${COUNTER_PREFIX}${COUNTER_MARK}`;
}

function filler(length: number): string {
  return FILLER.repeat(Math.ceil(length / FILLER.length)).slice(0, length);
}

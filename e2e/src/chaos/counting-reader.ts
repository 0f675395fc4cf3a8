import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createFrameReader, encodeClientFrame, handshakeText } from '@arqonbus/testkit';

/** A subscriber that keeps nothing of what it reads but its number and order: a thousand of them fit a test. */
export interface CountingReader {
  /** Events received. */
  count(): number;
  /** False once an event did not name the one before as its predecessor. */
  isGapless(): boolean;
  end(): void;
}

/** A channel's first publication names no predecessor. */
const SEQUENCE = /"seq":(\d+)(?:,"prev_seq":(\d+))?/;
const PING = 9;
const PONG = 10;
const TEXT = 1;

/**
 * Connects, joins `room:channel`, and counts from then on; `onBytes` sees everything that comes. Resolves with the reply
 * to the join.
 */
export function connectCountingReader(
  port: number,
  token: string,
  target: string,
  onBytes: (bytes: Buffer) => void = () => undefined,
): Promise<CountingReader> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let events = 0;
    let lastSeq = 0;
    let isGapless = true;
    const onText = (text: string): void => {
      if (text.includes('"request_id":"arq_join-1"')) {
        resolve({ count: () => events, isGapless: () => isGapless, end: () => socket.destroy() });
      } else if (text.includes('"type":"event"')) {
        const [, seq, prevSeq = '0'] = SEQUENCE.exec(text) ?? [];
        if (events > 0 && Number(prevSeq) !== lastSeq) isGapless = false;
        lastSeq = Number(seq);
        events += 1;
      }
    };
    socket.once('error', reject);
    socket.on('data', onBytes);
    socket.write(handshakeText({ headers: { authorization: `Bearer ${token}` } }, randomBytes(16).toString('base64')));
    const join = { id: 'arq_join-1', type: 'command', command: 'join_channel', args: { room: target } };
    const onUpgraded = (): void => {
      socket.write(encodeClientFrame(TEXT, Buffer.from(JSON.stringify(join))));
    };
    readFrames(socket, onUpgraded, onText);
  });
}

/** Passes over the head of the upgrade's answer, answers pings, and tells every text frame. */
function readFrames(socket: Socket, onUpgraded: () => void, onText: (text: string) => void): void {
  const reader = createFrameReader();
  let head: Buffer | undefined = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    let body = bytes;
    if (head !== undefined) {
      head = Buffer.concat([head, bytes]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      body = head.subarray(end + 4);
      head = undefined;
      onUpgraded();
    }
    for (const frame of reader.push(body)) {
      if (frame.opcode === TEXT) onText(frame.payload.toString('utf8'));
      else if (frame.opcode === PING) socket.write(encodeClientFrame(PONG, frame.payload));
    }
  });
}

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { buildClientFrame, opcodes } from './client-frame.ts';
import { FrameCounter } from './frame-counter.ts';

// One buffer serves all sockets: what is read is looked at before the next read.
const shared = Buffer.allocUnsafe(262_144);
const PONG = buildClientFrame(opcodes.pong, Buffer.alloc(0)).bytes;
const PING = buildClientFrame(opcodes.ping, Buffer.alloc(0)).bytes;

/** Looks at a payload as it arrives; the bytes are valid during the call only. */
export type PayloadObserver = (bytes: Buffer, start: number, end: number) => void;

/**
 * A WebSocket client that costs little more than its system calls, so that the load generator is not what is measured:
 * it sends prebuilt frames and counts what comes by header.
 */
export class LoadClient {
  /** Data frames received. */
  frames = 0;
  pongs = 0;
  isClosed = false;
  /** Sees every data frame that came in one piece. */
  observer: PayloadObserver | undefined = undefined;
  private readonly socket: Socket;
  private readonly counter: FrameCounter;
  private head = '';
  private isOpen = false;
  private onOpen: (error?: Error) => void;

  /** `onOpen` is called once it is open, and once more, with an error, when it is refused or ends. */
  constructor(port: number, handshake: string, onOpen: (error?: Error) => void) {
    this.onOpen = onOpen;
    this.counter = new FrameCounter(this);
    this.socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: shared, callback: (size) => this.onBytes(size) },
    });
    this.socket.write(handshake);
    this.socket.on('error', (error) => this.end(error));
    this.socket.on('close', () => {
      this.isClosed = true;
      this.end(new Error('the server closed the connection'));
    });
  }

  get wireBytes(): number {
    return this.counter.wireBytes;
  }

  /** Writes bytes of whole frames as they are. They must not change before the write is done, which on loopback is at once. */
  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  sendPing(): void {
    this.socket.write(PING);
  }

  destroy(): void {
    this.socket.destroy();
  }

  onFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === opcodes.text || opcode === opcodes.binary) {
      this.frames += 1;
      if (start >= 0) this.observer?.(bytes, start, end);
    } else if (opcode === opcodes.pong) this.pongs += 1;
    else if (opcode === opcodes.ping) this.socket.write(PONG);
  }

  /** A refused one closes too, and an end that is told twice would have who comes back come back twice. */
  private end(error: Error): void {
    const tell = this.onOpen;
    this.onOpen = () => undefined;
    tell(error);
  }

  private onBytes(size: number): boolean {
    if (this.isOpen) this.counter.push(shared, 0, size);
    else this.readHead(size);
    return true;
  }

  private readHead(size: number): void {
    const before = this.head.length;
    this.head += shared.toString('latin1', 0, size);
    const end = this.head.indexOf('\r\n\r\n');
    if (end < 0) return;
    if (!this.head.startsWith('HTTP/1.1 101')) {
      this.end(new Error(`refused: ${this.head.slice(0, 300)}`));
      return;
    }
    this.isOpen = true;
    this.head = '';
    this.onOpen();
    const rest = end + 4 - before;
    if (rest < size) this.counter.push(shared, rest, size);
  }
}

import type { RawSocket } from '@arqonbus/testkit';

let sent = 0;

/** A client that keeps everything that comes over its socket, whoever asked for it. */
export class Reader {
  readonly socket: RawSocket;
  all = '';

  constructor(socket: RawSocket) {
    this.socket = socket;
  }

  /** Reads on until all of it came, in whatever frame. */
  async until(...texts: readonly string[]): Promise<void> {
    while (!texts.every((text) => this.all.includes(text))) {
      this.all += Buffer.from((await this.socket.nextFrame()).payload).toString('latin1');
    }
  }

  /** Sends a command and waits for its reply. */
  async command(name: string, args: object, more: object = {}): Promise<void> {
    const id = `arq_boundary-${String((sent += 1)).padStart(6, '0')}`;
    this.socket.sendText(JSON.stringify({ id, type: 'command', command: name, args, ...more }));
    await this.until(`"request_id":"${id}"`);
  }

  /** Sends a message and waits for its reply. */
  async say(target: string, payload: unknown, more: object = {}): Promise<void> {
    const id = `arq_boundary-${String((sent += 1)).padStart(6, '0')}`;
    this.socket.sendText(JSON.stringify({ id, type: 'event', room: target, payload, ack: true, ...more }));
    await this.until(`"request_id":"${id}"`);
  }
}

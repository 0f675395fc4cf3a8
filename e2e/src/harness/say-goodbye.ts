import type { RawSocket } from '@arqonbus/testkit';

const PATIENCE_MS = 500;

/** Closes a client's connection as a client does; cuts it where no server answers. */
export function sayGoodbye(socket: RawSocket): void {
  if (socket.isClosed()) return;
  socket.resume();
  socket.sendClose(1000);
  void socket
    .closed(PATIENCE_MS)
    .catch(() => undefined)
    .then(() => socket.destroy());
}

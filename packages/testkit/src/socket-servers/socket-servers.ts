/** A socket server that the Shield can run on; what clients see is the same on both (ARC-8). */
export type SocketServer = 'uws' | 'ws';

/** `process.versions.modules` of Node 20, the newest that the npm mirror of uWebSockets.js has native modules for. */
const NODE_20 = '115';

/**
 * The socket servers to test on, for `test.for`. On Node 20 always both: a native module that does not load fails there. On a
 * newer Node `ws` alone, and says so on stderr.
 */
export function socketServers(
  modules: string = process.versions.modules,
  say: (line: string) => void = (line) => void process.stderr.write(line),
): readonly SocketServer[] {
  if (Number(modules) <= Number(NODE_20)) return ['uws', 'ws'];
  say(`Not tested on uWebSockets.js: its npm mirror has native modules up to Node 20, this is ${process.version}.\n`);
  return ['ws'];
}

import { readFileSync } from 'node:fs';

/** What is not for clients: what the process has open itself, and connections that are only just being refused. */
const KEPT_SHARE = 0.1;
const KEPT = 32;

/**
 * How many connections fit into the file descriptors that the process may open; without end where that is not known. Beyond
 * them nobody is let in: without a descriptor left, a connection can be neither taken nor refused, and the native socket
 * server asks for it without pause (L-06).
 */
export function connectionsThatFit(readLimits: () => string = readLimitsOfProcess): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readLimits()) ?? [];
  return soft === undefined
    ? Number.POSITIVE_INFINITY
    : Math.max(1, Math.floor(Number(soft) * (1 - KEPT_SHARE)) - KEPT);
}

function readLimitsOfProcess(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // There is none but on Linux.
    return '';
  }
}

import type { WebSocket } from 'ws';

/** What the watch looks at. */
export interface Assembling {
  readonly engine: WebSocket;
  /** Messages received whole so far. */
  readonly messages: number;
  close(code: number, reason: string): void;
}

/**
 * Closes a connection with 1008 once one of its messages has been incomplete for `timeoutMs` (P-04, P-16), to within a
 * quarter.
 */
export interface AssemblyWatch {
  add(member: Assembling): void;
  remove(member: Assembling): void;
  stop(): void;
}

/** Looks at every member four times per timeout, so that receiving costs nothing but a counter. */
export function watchAssembly(timeoutMs: number): AssemblyWatch {
  const members = new Map<Assembling, Stall>();
  const timer = setInterval(() => {
    for (const [member, stall] of members) {
      look(member, stall);
    }
  }, timeoutMs / LOOKS);
  timer.unref();
  return {
    add: (member) => void members.set(member, { message: -1, looks: 0 }),
    remove: (member) => void members.delete(member),
    stop: () => clearInterval(timer),
  };
}

const LOOKS = 4;

interface Stall {
  /** Number of the message that is incomplete, -1 = none. */
  message: number;
  looks: number;
}

function look(member: Assembling, stall: Stall): void {
  if (!isMidMessage(member.engine)) {
    stall.message = -1;
    return;
  }
  if (stall.message !== member.messages) {
    stall.message = member.messages;
    stall.looks = 0;
    return;
  }
  stall.looks += 1;
  if (stall.looks === LOOKS) {
    member.close(1008, 'message not finished in time');
  }
}

/** `ws` tells of whole messages only; these members of its receiver are read, and its version is pinned. */
interface Receiver {
  readonly _fragmented: number;
  readonly _bufferedBytes: number;
  /** 0 = at the start of a frame. */
  readonly _state: number;
}

function isMidMessage(engine: WebSocket): boolean {
  const { _receiver: receiver } = engine as unknown as { readonly _receiver: Receiver };
  return receiver._fragmented !== 0 || receiver._bufferedBytes > 0 || receiver._state !== 0;
}

/** Frames after which the last one is refused with the code; a test sends them. */
export interface ErrorExample {
  /** Role of the token. */
  readonly role: 'user' | 'moderator' | 'admin';
  readonly frames: readonly object[];
}

/** What to know about one error code, for its page. */
export interface ErrorWords {
  readonly cause: string;
  readonly action: string;
  /** What becomes of the connection, where it does not just go on. */
  readonly connection?: string;
  readonly example?: ErrorExample;
}

/** A command as a frame. */
export function commandFrame(command: string, args: object): object {
  return { type: 'command', command, args };
}

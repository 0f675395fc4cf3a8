/** A request from the process that started this one. */
export interface ParentRequest {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

/** The answer to one request. */
export interface ChildReply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** What a process does for its parent, by name. */
export type ParentMethods = Readonly<Record<string, (argument: never) => unknown>>;

/** Answers the parent's requests over the channel between the two, and ends this process with the parent. */
export function serveParent(methods: ParentMethods): void {
  process.on('message', (request: ParentRequest) => {
    // A server may have messages of its own on this channel.
    if (typeof request.id === 'number') void answer(request, methods);
  });
  process.on('disconnect', () => process.exit(0));
}

async function answer({ id, method, argument }: ParentRequest, methods: ParentMethods): Promise<void> {
  const reply = (content: Omit<ChildReply, 'id'>): void => void process.send?.({ id, ...content });
  try {
    reply({ result: await methods[method]?.(argument as never) });
  } catch (error) {
    reply({ error: error instanceof Error ? error.message : String(error) });
  }
}

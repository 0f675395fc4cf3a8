/** How messages of one request are run. */
export interface LaneSteps<Message, Reply> {
  readonly run: (message: Message) => Promise<Reply>;
  /** The reply to one that is not tried, since one before it in its lane did not get through. */
  readonly skip: (message: Message) => Promise<Reply>;
  /** Whether the same message may get through when it is sent again. */
  readonly mayGoBetterLater: (reply: Reply) => boolean;
  readonly monotonicMs: () => number;
}

/** A request has run for so long that who asks may give up soon: what is left is skipped, so that it hears of the rest. */
const ENOUGH_MS = 2_000;

/**
 * Runs messages, those without a lane at once and those of a lane one after the other; replies in the order of the messages.
 * After one that may go better later the others of its lane are skipped: so whoever sends them again keeps their order, and
 * no message is ever stored before one that stands before it in its lane (PRT-19).
 */
export function runInLanes<Message extends { readonly lane: string }, Reply>(
  messages: readonly Message[],
  steps: LaneSteps<Message, Reply>,
): Promise<Reply[]> {
  const endsAtMs = steps.monotonicMs() + ENOUGH_MS;
  const lanes = new Map<string, Promise<boolean>>();
  const replies = messages.map((message) => {
    if (message.lane === '') return steps.run(message);
    const before = lanes.get(message.lane);
    const reply = before === undefined ? steps.run(message) : runAfter(before, message, endsAtMs, steps);
    lanes.set(
      message.lane,
      reply.then((given) => !steps.mayGoBetterLater(given)),
    );
    return reply;
  });
  return Promise.all(replies);
}

async function runAfter<Message, Reply>(
  before: Promise<boolean>,
  message: Message,
  endsAtMs: number,
  { run, skip, monotonicMs }: LaneSteps<Message, Reply>,
): Promise<Reply> {
  return (await before) && monotonicMs() < endsAtMs ? run(message) : skip(message);
}

import { BusError, commands, isCommandName } from '@arqonbus/protocol';
import type { CommandName, CommandRight, Envelope, ErrorCode } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, deadlineIn } from '@arqonbus/spine';
import { isSampled } from '@arqonbus/telemetry';
import type { Histogram } from '@arqonbus/telemetry';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { Refuse } from '../publish/refuse.ts';
import type { Session } from '../session/session.ts';
import { withTrace } from '../traces/traced-spine.ts';
import { parseArguments } from './arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from './command-context.ts';
import { commandHandlers } from './handlers/index.ts';
import type { CommandHandler } from './handlers/index.ts';

/** A command as it comes in. */
export type IncomingCommand = Pick<CommandCall, 'session' | 'envelope'>;

/** Answers commands: each gets exactly one reply (PRT-14). */
export interface CommandDispatcher {
  dispatch(command: IncomingCommand): void;
}

/** What dispatching needs beyond the parts of the commands. */
export interface DispatcherOptions {
  readonly parts: CommandParts;
  readonly envelopes: ServerEnvelopes;
  readonly send: SendToSession;
  readonly monotonicMs: () => number;
  readonly durations: Histogram;
  /** What commands ask of the Brain carries their trace context then. */
  readonly isTracing: boolean;
  /** False while it is not known who may still do what (SPN-6). */
  readonly mayAuthorize: () => boolean;
  readonly executed: (session: Session, name: CommandName) => void;
  /** The command is told as the client wrote it. */
  readonly refused: (session: Session, code: ErrorCode, command: string) => void;
  readonly refuse: Refuse;
}

/** A dispatcher over the registry. */
export function createCommandDispatcher(options: DispatcherOptions): CommandDispatcher {
  const reply = async (call: CommandCall): Promise<(() => void) | undefined> => {
    const { session, envelope } = call;
    try {
      const name = checkCall(call, options);
      const handler = commandHandlers[name] as CommandHandler<CommandName>;
      const outcome: CommandOutcome<unknown> = await handler(
        call,
        parseArguments(name, envelope.args),
        partsFor(envelope, options),
      );
      options.executed(session, name);
      options.send(session, options.envelopes.response(envelope.id, outcome.result as object));
      return outcome.afterReply;
    } catch (error) {
      if (error instanceof BusError) options.refused(session, error.code, envelope.command);
      options.refuse(session, envelope.id, error, { command: envelope.command });
      return undefined;
    }
  };
  const run = async (call: CommandCall): Promise<void> => {
    const startedMs = options.monotonicMs();
    const afterReply = await reply(call);
    options.durations.observe((options.monotonicMs() - startedMs) / 1000);
    try {
      afterReply?.();
    } catch (error) {
      // The command has had its reply: this error answers nothing.
      options.refuse(call.session, '', error, { command: call.envelope.command });
    }
  };
  return { dispatch: (command) => void run({ ...command, deadlineMs: deadlineIn(BRAIN_TIMEOUT_MS) }) };
}

function partsFor({ traceparent }: Envelope, { parts, isTracing }: DispatcherOptions): CommandParts {
  return isTracing && isSampled(traceparent) ? { ...parts, spine: withTrace(parts.spine, traceparent) } : parts;
}

/** Rate, name and right of a command. */
function checkCall({ session, envelope }: CommandCall, options: DispatcherOptions): CommandName {
  const bucket = session.budget.commands;
  if (!bucket.take(1, options.monotonicMs())) {
    throw new BusError('RATE_LIMITED', undefined, { details: { retry_after_ms: bucket.waitMs(1) } });
  }
  if (!isCommandName(envelope.command)) throw new BusError('UNKNOWN_COMMAND');
  // Rights that depend on the channel are checked by the handler, which knows it.
  const right: CommandRight = commands[envelope.command].right;
  // What needs no right itself may join channels all the same.
  const isAuthorizing = right !== 'any' || envelope.command === 'resume';
  if (isAuthorizing && !options.mayAuthorize()) throw new BusError('UNAVAILABLE');
  if (right === 'admin' && !session.rights.may('admin', '*', '*')) throw new BusError('AUTHORIZATION_ERROR');
  return envelope.command;
}

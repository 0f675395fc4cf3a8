import { BusError, createEnvelope } from '@arqonbus/protocol';
import type { CommandArgs, CommandName, CommandResult, Envelope, MessageId } from '@arqonbus/protocol';
import { encodeJson, parseJson } from './payload.ts';

/** The envelope that gives a command. */
export function commandEnvelope<N extends CommandName>(
  id: MessageId,
  name: N,
  args: CommandArgs<N> | object,
): Envelope {
  const envelope = createEnvelope('command');
  envelope.id = id;
  envelope.command = name;
  envelope.args = encodeJson(args);
  return envelope;
}

/** What the reply to a command tells. Throws a BusError `VALIDATION_ERROR` for what is no object. */
export function commandResultOf<N extends CommandName>(name: N, reply: Envelope): CommandResult<N> {
  const result = reply.payload.length === 0 ? { value: {} } : parseJson(reply.payload);
  if (typeof result?.value === 'object' && result.value !== null) return result.value as CommandResult<N>;
  throw new BusError('VALIDATION_ERROR', `The server answered ${name} with something that is no object.`);
}

import { adminCommands } from './admin-commands.ts';
import { channelCommands } from './channel-commands.ts';
import { historyCommands } from './history-commands.ts';
import type { TypeOf } from './schema.ts';
import { sessionCommands } from './session-commands.ts';

/** Every command there is (PRT-21): validation, help, the reference page and the SDKs' typings come from here. */
export const commands = { ...sessionCommands, ...channelCommands, ...historyCommands, ...adminCommands } as const;

/** The name of a command. */
export type CommandName = keyof typeof commands;

/** The arguments of command `N`. */
export type CommandArgs<N extends CommandName> = TypeOf<(typeof commands)[N]['args']>;

/** The result of command `N`. */
export type CommandResult<N extends CommandName> = TypeOf<(typeof commands)[N]['result']>;

/** True when there is a command of this name. */
export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

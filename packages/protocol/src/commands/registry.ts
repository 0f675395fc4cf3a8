import type { CommandDefinition } from './command-definition.ts';
import { adminCommands } from './admin-commands.ts';
import { auditCommands } from './audit-commands.ts';
import { casilCommands } from './casil-commands.ts';
import { channelCommands } from './channel-commands.ts';
import { continuumCommands } from './continuum-commands.ts';
import { cronCommands } from './cron-commands.ts';
import { grantCommands } from './grant-commands.ts';
import { keyCommands } from './key-commands.ts';
import { historyCommands } from './history-commands.ts';
import { mirrorCommands } from './mirror-commands.ts';
import { omegaCommands } from './omega-commands.ts';
import { operatorCommands } from './operator-commands.ts';
import { policyCommands } from './policy-commands.ts';
import { presenceCommands } from './presence-commands.ts';
import { resumeCommands } from './resume-commands.ts';
import type { TypeOf } from './schema.ts';
import { schemaCommands } from './schema-commands.ts';
import { roomCommands } from './room-commands.ts';
import { sessionCommands } from './session-commands.ts';
import { taskCommands } from './task-commands.ts';
import { storeCommands } from './store-commands.ts';
import { webhookCommands } from './webhook-commands.ts';

/** Every command there is (PRT-21): validation, help, the reference page and the SDKs' typings come from here. */
export const commands: Commands = {
  ...sessionCommands,
  ...resumeCommands,
  ...channelCommands,
  ...roomCommands,
  ...presenceCommands,
  ...historyCommands,
  ...adminCommands,
  ...casilCommands,
  ...mirrorCommands,
  ...schemaCommands,
  ...policyCommands,
  ...auditCommands,
  ...continuumCommands,
  ...cronCommands,
  ...storeCommands,
  ...omegaCommands,
  ...grantCommands,
  ...keyCommands,
  ...operatorCommands,
  ...taskCommands,
  ...webhookCommands,
};

/** The type of {@link commands}, down to the words of every schema. */
export type Commands = typeof sessionCommands &
  typeof resumeCommands &
  typeof channelCommands &
  typeof roomCommands &
  typeof presenceCommands &
  typeof historyCommands &
  typeof adminCommands &
  typeof casilCommands &
  typeof mirrorCommands &
  typeof schemaCommands &
  typeof policyCommands &
  typeof auditCommands &
  typeof continuumCommands &
  typeof cronCommands &
  typeof storeCommands &
  typeof omegaCommands &
  typeof grantCommands &
  typeof keyCommands &
  typeof operatorCommands &
  typeof taskCommands &
  typeof webhookCommands;

/** The name of a command. */
export type CommandName = keyof Commands;

/** The arguments of command `N`. */
export type CommandArgs<N extends CommandName> = TypeOf<Commands[N]['args']>;

/** The result of command `N`. */
export type CommandResult<N extends CommandName> = TypeOf<Commands[N]['result']>;

/** True when there is a command of this name. */
export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

// Does not compile when an entry is no definition. (An entry cannot say so itself: its type must stay that of its words.)
const definitions: Readonly<Record<CommandName, CommandDefinition>> = commands;
void definitions;

import type { ErrorCode } from '../errors/error-table.ts';
import type { Schema } from './schema.ts';

/** What a session needs to be allowed to use a command: one of the actions of the rights table (PRM-5), or a role. */
export type CommandRight = 'any' | 'join' | 'publish' | 'history' | 'presence' | 'manage' | 'operate' | 'admin';

/** One command: its name, schemas, right and documentation (PRT-21). Handlers are bound to it by name in the Shield. */
export interface CommandDefinition {
  readonly name: string;
  /** One sentence for `help` and the reference page. */
  readonly summary: string;
  readonly right: CommandRight;
  readonly args: Schema;
  /** Its arguments are credentials, or are to be looked at by the command itself: CASIL leaves them alone (SAF-3). */
  readonly hasSecretArgs?: true;
  /** It is about the connection that it comes over: who has none cannot use it (ARC-15). */
  readonly needsConnection?: true;
  readonly result: Schema;
  /** Why it may be refused, beyond what can happen to every command: bad arguments, a rate, a part that is down. */
  readonly errors: readonly ErrorCode[];
}

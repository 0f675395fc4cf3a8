import type { CompiledSchema } from '@arqonbus/schema';

/** The schema that holds for a channel, as it is in force right now (SCH-2). */
export interface BoundSchema {
  readonly schemaId: string;
  /** 0 where there is none. */
  readonly version: number;
  readonly mode: 'enforce' | 'warn';
  /** Undefined where it is missing or cannot be read (SCH-4). */
  readonly schema: CompiledSchema | undefined;
}

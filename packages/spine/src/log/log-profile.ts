/** What a channel's log promises; see the class table of the specification. */
export type LogClass = 'live' | 'history' | 'durable' | 'state';

/** A named set of retention limits that channels are given by rules. */
export interface LogProfile {
  readonly name: string;
  readonly logClass: LogClass;
  readonly maxMessages: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** The first rule whose pattern matches `room:channel` decides. */
export interface LogRule {
  readonly pattern: string;
  readonly profile: string;
}

/** A message as a policy sees it. Texts are asked for one by one: most policies want none of them. */
export interface PolicyMessage {
  /** The payload; the arguments of a command. */
  readonly payload: Uint8Array;
  header(name: string): string | undefined;
  /** Of the sender's token. */
  claim(name: string): string | undefined;
  /** `room`, `channel`, `sender`, `type`, and what else there is to know of the message. */
  context(field: string): string | undefined;
  /** Told what the policy logs. Must not throw. */
  log(level: PolicyLogLevel, text: string): void;
}

/** How much what a policy logs matters: 0 to 3 of `host_log`. */
export type PolicyLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Why a policy failed, as a fixed word for counters (WSM-6). The last two: it was not asked, as it or its tenant took too much. */
export type PolicyFault = 'fuel' | 'trap' | 'pointer' | 'stack' | 'payload_too_large' | 'suspended' | 'tenant_fuel';

/** What a policy says of a message, and the fuel that it took. */
export type PolicyOutcome =
  | {
      readonly kind: 'allow';
      readonly fuel: number;
      /** What is to go on in the place of the payload. */
      readonly payload: Uint8Array | undefined;
      readonly headers: readonly (readonly [name: string, value: string])[];
    }
  | {
      readonly kind: 'reject';
      readonly fuel: number;
      /** The policy's own words, for the sender. */
      readonly code: string;
      readonly reason: string;
    }
  | { readonly kind: 'fault'; readonly fuel: number; readonly fault: PolicyFault };

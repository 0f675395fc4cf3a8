/**
 * The actions that rights are given for (PRM-5); `admin` stands for the commands of administrators, `reveal` for seeing what
 * others see redacted (CAS-12).
 */
export const ACTIONS = [
  'join',
  'publish',
  'private',
  'telemetry',
  'history',
  'presence',
  'manage',
  'operate',
  'reveal',
  'admin',
] as const;

/** One of {@link ACTIONS}. */
export type Action = (typeof ACTIONS)[number];

/** A grant: what may or may not be done where (PRM-2). */
export interface Permission {
  readonly action: Action | '*';
  /** `room:channel` glob. */
  readonly pattern: string;
  readonly effect: 'allow' | 'deny';
}

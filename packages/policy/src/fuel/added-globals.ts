/** Indices of the globals that metering adds behind the policy's own, which has no name for them. */
export interface AddedGlobals {
  /** What is left; below zero = it is used up. */
  readonly fuel: number;
  /** The lowest and the highest address written to in this call. */
  readonly low: number;
  readonly high: number;
}

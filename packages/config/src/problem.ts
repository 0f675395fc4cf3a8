/** One thing that is wrong with a configuration. Never holds the value of a secret. */
export interface Problem {
  /** The setting (`server.port`), environment variable or place in the file. */
  readonly key: string;
  readonly problem: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** A problem as a line for people. */
export function problemText({ key, problem, fix }: Problem): string {
  return `${key} ${problem}${fix === undefined ? '' : ` (${fix})`}`;
}

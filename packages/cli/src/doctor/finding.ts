/** What one check of `arqon doctor` found. */
export interface Finding {
  /** What was looked at, in one or two words. */
  readonly check: string;
  /** `warning`: right, but often why nothing arrives. `failed`: nothing can arrive. */
  readonly outcome: 'ok' | 'warning' | 'failed';
  /** What was seen; never a token. */
  readonly text: string;
  /** What to do about it; only where something is wrong. */
  readonly fix?: string;
}

/** Takes findings as they are made. */
export type Report = (finding: Finding) => void;

/** Ends a diagnosis: what comes after this finding cannot be looked at. */
export class Dead extends Error {
  readonly finding: Finding;

  constructor(check: string, text: string, fix: string) {
    super(text);
    this.name = 'Dead';
    this.finding = { check, outcome: 'failed', text, fix };
  }
}

/** A finding as a person reads it. */
export function findingText({ check, outcome, text, fix }: Finding): string {
  const line = `${outcome.padEnd(8)} ${check.padEnd(12)} ${text}`;
  return fix === undefined ? `${line}\n` : `${line}\n${' '.repeat(22)}${fix}\n`;
}

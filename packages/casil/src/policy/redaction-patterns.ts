import { RE2JS } from 're2js';
import { REDACTED } from '../inspect/redacted.ts';

/** Expressions of an operator, all in one (CAS-2). */
export interface RedactionPatterns {
  /** The text with every match redacted; the same text where nothing matches. Takes time linear in its length. */
  redact(text: string): string;
}

const MAX_LENGTH = 512;

/** Compiles patterns, or says which of them cannot be used. No patterns = undefined. */
export function compileRedactionPatterns(
  patterns: readonly string[],
  maxPatterns: number,
): RedactionPatterns | undefined | string {
  if (patterns.length === 0) return undefined;
  if (patterns.length > maxPatterns) return `holds ${patterns.length} patterns; ${maxPatterns} are allowed`;
  for (const [index, pattern] of patterns.entries()) {
    const problem = problemOf(pattern);
    if (problem !== undefined) return `${problem} as item ${index + 1}`;
  }
  // One expression over all: a text is read once, however many patterns there are.
  const whole = RE2JS.compile(patterns.map((pattern) => `(?:${pattern})`).join('|'));
  return {
    redact: (text) => {
      // What is redacted already is nobody's text: nothing matches in it or across it.
      const pieces = text.split(REDACTED);
      const redacted = pieces.map((piece) => (piece === '' ? piece : whole.matcher(piece).replaceAll(REDACTED, true)));
      return redacted.join(REDACTED);
    },
  };
}

function problemOf(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH) return `has a pattern of over ${MAX_LENGTH} characters`;
  try {
    // By itself first: a stray bracket must not find its partner in the next one.
    const compiled = RE2JS.compile(`(?:${pattern})`);
    RE2JS.compile(pattern);
    return compiled.matcher('').find() ? 'has a pattern that matches nothing at all' : undefined;
  } catch {
    return 'has a pattern that is no expression after RE2';
  }
}

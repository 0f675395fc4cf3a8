import { RE2JS } from 're2js';
import { SchemaProblem } from '../schema-problem.ts';
import type { WorkBudget } from './work-budget.ts';

/** An expression of a schema, in the form in which Ajv takes it. */
export interface LinearPattern {
  test(text: string): boolean;
  toString(): string;
}

const MAX_LENGTH = 512;

/** Compiles an expression after RE2, whose time is linear in the text. Throws a {@link SchemaProblem} for any other. */
export function compileLinearPattern(pattern: string, budget: WorkBudget): LinearPattern {
  if (pattern.length > MAX_LENGTH) throw new SchemaProblem(`has a pattern of over ${MAX_LENGTH} characters`);
  const compiled = compile(pattern);
  const unitsPerCharacter = 8 + Math.ceil(compiled.programSize() / 4);
  return {
    test: (text) => {
      budget.spend((1 + text.length) * unitsPerCharacter);
      return compiled.test(text);
    },
    // Ajv tells patterns apart by it.
    toString: () => pattern,
  };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch {
    throw new SchemaProblem(`has the pattern ${JSON.stringify(pattern)}, which is no expression after RE2`);
  }
}

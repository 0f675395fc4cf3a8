import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

/** The JSON value of an argument, or of standard input where it is `-`; an error of usage for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text === '-' ? readFileSync(0, 'utf8') : text) as unknown;
  } catch {
    throw new InvalidArgumentError('it is no JSON.');
  }
}

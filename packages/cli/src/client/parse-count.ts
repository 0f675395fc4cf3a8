import { InvalidArgumentError } from 'commander';

/** A number above zero; an error of usage for everything else. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count < 1) throw new InvalidArgumentError('a count is a number above zero.');
  return count;
}

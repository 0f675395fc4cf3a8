import { BusError } from '@arqonbus/protocol';

/** The JSON text of a number after something was added to it; undefined = 0. Throws `VALIDATION_ERROR` (STO-1). */
export function incrementValue(value: string | undefined, by: number): string {
  const number: unknown = value === undefined ? 0 : JSON.parse(value);
  if (!Number.isSafeInteger(number))
    throw new BusError('VALIDATION_ERROR', 'The value is no integer that can be told exactly.');
  const sum = (number as number) + by;
  if (!Number.isSafeInteger(sum)) throw new BusError('VALIDATION_ERROR', 'The sum is beyond what can be told exactly.');
  return String(sum);
}

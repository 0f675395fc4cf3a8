import { BusError } from '@arqonbus/sdk';
import { describe, expect, it } from 'vitest';
import { refusalText } from './refusal-text.ts';

const refused = (details: Readonly<Record<string, unknown>>): BusError =>
  new BusError('VALIDATION_ERROR', undefined, { details });

describe('what a command of the shell failed with', () => {
  it('[CLI-1] [PRT-21] names the fields, arguments as they are called', () => {
    const errors = [
      { field: 'args.cron', problem: 'or delay_seconds or interval_seconds is needed, and one alone' },
      { field: 'payload.token', problem: 'holds a secret' },
    ];
    expect(refusalText(refused({ errors }))).toBe(
      'The request is malformed: cron or delay_seconds or interval_seconds is needed, and one alone; payload.token holds a secret',
    );
  });

  it.each([
    ['no details', new BusError('NOT_FOUND'), 'There is no such thing.'],
    [
      'details of another kind',
      refused({ errors: ['x', null, { field: 1, problem: 'y' }] }),
      'The request is malformed.',
    ],
    ['an error that is not of the bus', new Error('no Shield can be reached'), 'no Shield can be reached'],
    ['what is no error', 'stopped', 'stopped'],
  ])('[CLI-1] is as it was said where there are %s', (_, error, text) => {
    expect(refusalText(error)).toBe(text);
  });
});

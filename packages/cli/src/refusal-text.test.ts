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

  it('[CLI-1] [SCH-2] [SCH-4] says where a payload does not fit its schema, or that there is none', () => {
    const violations = [{ path: 'items[2].price', message: 'must be number' }, { path: '', message: 'is too much' }, 7];
    const of = (details: Readonly<Record<string, unknown>>): string =>
      refusalText(new BusError('SCHEMA_VIOLATION', undefined, { details }));
    expect(of({ schema_id: 'a.v1', violations })).toBe(
      'The payload does not match its schema: items[2].price must be number; the whole is too much',
    );
    expect(of({ reason: 'schema_unavailable', violations: [] })).toBe(
      'The payload does not match its schema: schema_unavailable',
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

import { BusError, commands } from '@arqonbus/protocol';
import type { CommandName } from '@arqonbus/protocol';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';

const encoder = new TextEncoder();

function errorsOf(name: CommandName, args: unknown): unknown {
  try {
    parseArguments(name, encoder.encode(JSON.stringify(args)));
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== 'VALIDATION_ERROR') throw error;
    return error.details['errors'];
  }
  throw new Error('accepted');
}

describe('the schemas of the registry', () => {
  it.each(Object.values(commands))('[PRT-21] of $name compile, arguments and result', ({ args, result }) => {
    const ajv = new Ajv({ strict: true });
    expect(ajv.compile(args)).toBeTypeOf('function');
    expect(ajv.compile(result)).toBeTypeOf('function');
  });

  it.each(Object.keys(commands))('[PRT-21] the key of %s is its name', (name) => {
    expect(commands[name as CommandName].name).toBe(name);
  });
});

describe('arguments', () => {
  it('[PRT-21] are an empty object where there are none', () => {
    expect(parseArguments('ping', new Uint8Array(0))).toEqual({});
  });

  it('[PRT-21] are refused with what they may be instead', () => {
    const wish = { room: 'science', channel: 'general', payload: 1, delay_seconds: 5, misfire: 'never' };
    expect(errorsOf('op.cron.schedule', wish)).toEqual([
      { field: 'args.misfire', problem: 'must be one of skip, once, all' },
    ]);
  });

  it('[PRT-21] are given as they are, unknown ones included', () => {
    const args = { room: 'science', channel: 'general', from: { epoch: 'e', seq: 7 }, future: true };
    expect(parseArguments('join_channel', encoder.encode(JSON.stringify(args)))).toEqual(args);
  });

  it.each([
    ['refresh', {}, 'args.token'],
    ['refresh', { token: 7 }, 'args.token'],
    ['join_channel', { history: 1001 }, 'args.history'],
    ['join_channel', { history: 1.5 }, 'args.history'],
    ['join_channel', { from: { epoch: 'e' } }, 'args.from.seq'],
    ['join_channel', { from: { epoch: 'e', seq: -1 } }, 'args.from.seq'],
    ['join_channel', { room: 'a.>' }, 'args.room'],
    ['join_channel', { room: 'science', channel: 'x'.repeat(65) }, 'args.channel'],
    ['history', { limit: 1e9 }, 'args.limit'],
    ['history', { order: 'random' }, 'args.order'],
    ['op.ban.lift', { user: '' }, 'args.user'],
  ] as const)('[PRT-10] of %s that are wrong are refused by field: %j', (name, args, field) => {
    expect(errorsOf(name, args)).toEqual([{ field, problem: expect.any(String) }]);
  });

  it('[PRT-10] in refusals never repeat what was sent', () => {
    expect(JSON.stringify(errorsOf('refresh', { token: ['hunter2'] }))).not.toContain('hunter2');
  });
});

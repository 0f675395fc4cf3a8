import { createEnvelope } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createTestSession } from '../session/session-rig.ts';
import { resolveChannel, resolveChannelOrRoom, resolveRealChannel, resolveRoom } from './command-target.ts';

const nowhere = createTestSession().session;
const atHome = createTestSession({ description: { defaultRoom: 'science', defaultChannel: 'general' } }).session;

function command(fields: Partial<Envelope> = {}): Envelope {
  return { ...createEnvelope('command'), ...fields };
}

describe('the channel that a command means', () => {
  it.each([
    { who: nowhere, args: { room: 'art', channel: 'oil' }, fields: {}, is: 'art:oil' },
    { who: nowhere, args: { room: 'art:oil' }, fields: {}, is: 'art:oil' },
    { who: nowhere, args: { room: 'art:oil', channel: 'oil' }, fields: {}, is: 'art:oil' },
    { who: nowhere, args: {}, fields: { room: 'art', channel: 'oil' }, is: 'art:oil' },
    { who: nowhere, args: { channel: 'ink' }, fields: { room: 'art', channel: 'oil' }, is: 'art:ink' },
    { who: nowhere, args: { room: 'art' }, fields: { channel: 'oil' }, is: 'art:oil' },
    { who: nowhere, args: { room: 'art' }, fields: { room: 'art', channel: 'oil' }, is: 'art:oil' },
    { who: nowhere, args: { room: 'art', channel: '*' }, fields: {}, is: 'art:*' },
    { who: atHome, args: {}, fields: {}, is: 'science:general' },
    { who: atHome, args: { room: 'science' }, fields: {}, is: 'science:general' },
    { who: atHome, args: { channel: 'explore' }, fields: {}, is: 'science:explore' },
    { who: atHome, args: { room: 'art', channel: 'oil' }, fields: {}, is: 'art:oil' },
  ])('[PRT-3] is $is by $args and $fields', ({ who, args, fields, is }) => {
    const { tenant, room, channel } = resolveChannel(who, command(fields), args);
    expect(`${room}:${channel}`).toBe(is);
    expect(tenant).toBe('acme');
  });

  it.each([
    { who: nowhere, args: {}, fields: {}, field: 'args.room' },
    { who: nowhere, args: { channel: 'oil' }, fields: {}, field: 'args.room' },
    { who: nowhere, args: { room: 'art' }, fields: {}, field: 'args.channel' },
    { who: atHome, args: { room: 'art' }, fields: {}, field: 'args.channel' },
    { who: nowhere, args: { room: 'art' }, fields: { room: 'science', channel: 'general' }, field: 'args.channel' },
    { who: nowhere, args: { room: 'art:oil', channel: 'ink' }, fields: {}, field: 'args.room' },
  ])('[PRT-3] is never guessed from $args and $fields', ({ who, args, fields, field }) => {
    const resolve = (): unknown => resolveChannel(who, command(fields), args);
    expect(resolve).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR', details: { errors: [expect.objectContaining({ field })] } }),
    );
  });

  it('[PRT-16] is no pseudo-channel where a real one is wanted', () => {
    expect(() => resolveRealChannel(nowhere, command(), { room: 'art', channel: '*' })).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    );
    expect(resolveRealChannel(nowhere, command(), { room: 'art', channel: 'oil' })).toMatchObject({ channel: 'oil' });
  });

  it('[PRT-3] has a room even where only that is asked for', () => {
    expect(resolveRoom(atHome, command(), {})).toBe('science');
    expect(resolveRoom(atHome, command(), { room: 'art:oil' })).toBe('art');
    expect(() => resolveRoom(nowhere, command(), {})).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });

  it.each([
    { who: nowhere, args: { room: 'art' }, fields: {}, is: 'art' },
    { who: nowhere, args: {}, fields: { room: 'art' }, is: 'art' },
    { who: atHome, args: { room: 'science' }, fields: {}, is: 'science' },
    { who: atHome, args: {}, fields: {}, is: 'science:general' },
    { who: nowhere, args: { room: 'art', channel: '*' }, fields: {}, is: 'art:*' },
    { who: nowhere, args: { room: 'art:oil' }, fields: {}, is: 'art:oil' },
    { who: nowhere, args: { room: 'art' }, fields: { channel: 'oil' }, is: 'art:oil' },
  ])('[LOG-19] or room is $is by $args and $fields', ({ who, args, fields, is }) => {
    const { room, address } = resolveChannelOrRoom(who, command(fields), args);
    expect(address === undefined ? room : `${address.room}:${address.channel}`).toBe(is);
  });
});

import { describe, expect, it } from 'vitest';
import { createClientFixture } from './testing/client-fixture.ts';
import type { Frame } from './testing/scripted-web-socket.ts';

const gap = { room: 'ops', channel: 'alerts', reason: 'spine_reconnected' };

describe('a discontinuity', () => {
  it('is told to its subscription and by the client, and stays a system message', async () => {
    const { client, connect, join, record } = createClientFixture();
    const [all, system] = [record('discontinuity'), record('system')];
    const socket = await connect();
    const own: unknown[] = [];
    (await join('ops:alerts')).on('discontinuity', (told) => own.push(told));
    (await join('ops:other')).on('discontinuity', () => own.push('other'));
    socket.deliver({ type: 'system', payload: { event: 'discontinuity', ...gap } });
    expect([own, all]).toEqual([[gap], [gap]]);
    expect(system).toMatchObject([{ event: 'discontinuity' }]);
    expect(client.state.kind).toBe('connected');
  });

  it('may name its channel in the envelope', async () => {
    const { connect, record } = createClientFixture();
    const all = record('discontinuity');
    const socket = await connect();
    socket.deliver({ type: 'system', room: 'ops', channel: 'alerts', payload: { event: 'discontinuity' } });
    expect(all).toEqual([{ room: 'ops', channel: 'alerts', reason: '' }]);
  });

  it('of the whole room is told to every subscription of the room', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const own: string[] = [];
    for (const name of ['ops:alerts', 'ops:*', 'science:general']) {
      (await join(name)).on('discontinuity', () => own.push(name));
    }
    socket.deliver({ type: 'system', payload: { event: 'discontinuity', ...gap, channel: '*' } });
    expect(own).toEqual(['ops:alerts', 'ops:*']);
  });

  it('keeps the position of the reader: it is about channels without a log', async () => {
    const { connect, join, reconnect } = createClientFixture();
    const socket = await connect();
    const channel = await join('ops:alerts');
    const rejoined: unknown[] = [];
    channel.on('rejoined', (told) => rejoined.push(told));
    socket.deliver({ type: 'system', payload: { event: 'discontinuity', ...gap } });
    expect(channel.state).toBe('joined');
    socket.end(1006);
    const next = await reconnect();
    next.reply(next.commands('join_channel')[0], { room: 'ops', channel: 'alerts' });
    await expect.poll(() => rejoined).toMatchObject([{ recovered: false, position: undefined }]);
  });
});

describe('[P-12] a discontinuity of a hostile server', () => {
  const malformed: readonly Frame[] = [
    {},
    { room: 'ops' },
    { room: 7, channel: 'alerts' },
    { room: 'ops', channel: ['alerts'] },
    { room: null, channel: 'alerts' },
    { room: '__proto__', channel: 'x' },
    { room: 'a:b:c', channel: 'd' },
    { room: 'x'.repeat(10_000), channel: 'y' },
  ];
  it.each(malformed)('is reported when it names no channel: %j', async (payload) => {
    const { client, connect, join, record } = createClientFixture();
    const [errors, all] = [record('error'), record('discontinuity')];
    const socket = await connect();
    await join('ops:alerts');
    socket.deliver({ type: 'system', payload: { event: 'discontinuity', ...payload } });
    expect(errors).toMatchObject([{ code: 'VALIDATION_ERROR' }]);
    expect(all).toEqual([]);
    expect(client.state.kind).toBe('connected');
  });

  it.each([7, null, {}, ['x'], undefined])('is told without its reason when that is %j', async (reason) => {
    const { connect, record } = createClientFixture();
    const all = record('discontinuity');
    const socket = await connect();
    socket.deliver({ type: 'system', payload: { event: 'discontinuity', ...gap, reason } });
    expect(all).toEqual([{ ...gap, reason: '' }]);
  });

  it('about a channel that nobody joined harms nothing', async () => {
    const { client, connect, record } = createClientFixture();
    const errors = record('error');
    const socket = await connect();
    for (let i = 0; i < 1_000; i++) {
      socket.deliver({ type: 'system', payload: { event: 'discontinuity', ...gap, channel: `invented-${i}` } });
    }
    expect(errors).toEqual([]);
    expect(client.state.kind).toBe('connected');
  });
});

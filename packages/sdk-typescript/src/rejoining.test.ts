import { describe, expect, it } from 'vitest';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';
import type { Frame } from './testing/scripted-web-socket.ts';

describe('rejoining', () => {
  it('joins every channel again and says that nothing was recovered', async () => {
    const { connect, join, reconnect, record } = createClientFixture();
    const told = record('rejoined');
    const socket = await connect();
    const channel = await join('science:general', LOGGED, { echo: true, history: 10 });
    await join('ops:alerts');
    const own: unknown[] = [];
    channel.on('rejoined', (rejoined) => own.push(rejoined));
    socket.deliver(event(42));
    socket.end(1006);
    expect(channel.state).toBe('joining');
    const next = await reconnect();
    const joins = next.commands('join_channel');
    expect(joins.map(({ args }) => args)).toEqual([
      { room: 'science', channel: 'general', echo: true },
      { room: 'ops', channel: 'alerts' },
    ]);
    next.reply(joins[0], { room: 'science', channel: 'general', epoch: 'e-7c9e6679', seq: 99 });
    next.reply(joins[1], { room: 'ops', channel: 'alerts' });
    await settle();
    const science = {
      room: 'science',
      channel: 'general',
      recovered: false,
      lastSeen: { epoch: 'e-7c9e6679', seq: 42 },
      position: { epoch: 'e-7c9e6679', seq: 99 },
    };
    expect(own).toEqual([science]);
    expect(told).toEqual([
      science,
      { room: 'ops', channel: 'alerts', recovered: false, lastSeen: undefined, position: undefined },
    ]);
    expect(channel.state).toBe('joined');
  });

  it('waits as told when the server limits commands, and joins all of 60 channels', async () => {
    const { clock, connect, join, reconnect } = createClientFixture();
    const socket = await connect();
    const channels = [];
    for (let i = 0; i < 60; i++) channels.push(await join(`science:channel-${i}`));
    socket.end(1012);
    const next = await reconnect();
    const answered = new Set<Frame>();
    for (let second = 0; second < 10; second++) {
      let budget = 30;
      for (let open = true; open;) {
        open = false;
        for (const frame of next.commands('join_channel').filter((frame) => !answered.has(frame))) {
          answered.add(frame);
          open = true;
          if (budget-- > 0) next.reply(frame, frame['args'] as Frame);
          else next.refuse(frame, 'RATE_LIMITED', { retry_after_ms: 1_000 });
        }
        await settle();
      }
      await clock.advance(1_000);
    }
    expect(channels.every(({ state }) => state === 'joined')).toBe(true);
  });

  it('ends a subscription that may not be joined any more', async () => {
    const { connect, join, reconnect } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general');
    const ends: unknown[] = [];
    channel.on('end', (end) => ends.push(end));
    socket.end(1006);
    const next = await reconnect();
    next.refuse(next.commands('join_channel')[0], 'AUTHORIZATION_ERROR');
    await settle();
    expect(channel.state).toBe('ended');
    expect(ends).toMatchObject([{ error: { code: 'AUTHORIZATION_ERROR' } }]);
  });

  it('begins anew when the connection is lost again while joining', async () => {
    const { connect, join, reconnect } = createClientFixture();
    (await connect()).end(1006);
    const second = await reconnect();
    const channel = await join('science:general');
    second.end(1006);
    (await reconnect()).end(1006);
    const fourth = await reconnect();
    expect(fourth.commands('join_channel')).toHaveLength(1);
    fourth.reply(fourth.commands('join_channel')[0], {});
    await settle();
    expect(channel.state).toBe('joined');
  });
});

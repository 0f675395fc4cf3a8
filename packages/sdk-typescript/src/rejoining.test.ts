import { describe, expect, it } from 'vitest';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';
import type { Frame } from './testing/scripted-web-socket.ts';

describe('rejoining', () => {
  it('[LOG-9] joins every channel again from where it was, and says what was recovered', async () => {
    const { connect, join, reconnect, record } = createClientFixture();
    const told = record('rejoined');
    const socket = await connect();
    const channel = await join('science:general', LOGGED, { echo: true, history: 10 });
    await join('science:quiet', LOGGED);
    await join('ops:alerts');
    const own: unknown[] = [];
    channel.on('rejoined', (rejoined) => own.push(rejoined));
    socket.deliver(event(42));
    socket.end(1006);
    expect(channel.state).toBe('joining');
    const next = await reconnect();
    const joins = next.commands('join_channel');
    const epoch = 'e-7c9e6679';
    expect(joins.map(({ args }) => args)).toEqual([
      { room: 'science', channel: 'general', echo: true, from: { epoch, seq: 42 } },
      { room: 'science', channel: 'quiet', from: { epoch, seq: 41 } },
      { room: 'ops', channel: 'alerts' },
    ]);
    next.reply(joins[0], { room: 'science', channel: 'general', epoch, seq: 42, recovered: true });
    next.reply(joins[1], { room: 'science', channel: 'quiet', epoch, seq: 99, recovered: false, reason: 'trimmed' });
    next.reply(joins[2], { room: 'ops', channel: 'alerts' });
    await settle();
    const at = (seq: number) => ({ epoch, seq });
    const roomRecovered = undefined;
    const science = { room: 'science', channel: 'general', lastSeen: at(42), position: at(42), roomRecovered };
    const quiet = { room: 'science', channel: 'quiet', lastSeen: at(41), position: at(99), roomRecovered };
    const alerts = { room: 'ops', channel: 'alerts', lastSeen: undefined, position: undefined, roomRecovered };
    expect(own).toEqual([{ ...science, recovered: true, reason: undefined }]);
    expect(told).toEqual([
      { ...science, recovered: true, reason: undefined },
      { ...quiet, recovered: false, reason: 'trimmed' },
      { ...alerts, recovered: false, reason: 'no_log' },
    ]);
    expect(channel.state).toBe('joined');
  });

  it.each([
    { echo: true, seen: [1, 2, 3] },
    { echo: false, seen: [2, 3] },
  ])('[LOG-9] with echo $echo shows of what was missed $seen, 1 being its own', async ({ echo, seen }) => {
    const { connect, join, reconnect, record } = createClientFixture();
    const shown = record('publication');
    const socket = await connect();
    const channel = await join('science:general', { ...LOGGED, seq: 0 }, { echo });
    const heard: unknown[] = [];
    channel.on('publication', ({ seq }) => heard.push(seq));
    socket.end(1006);
    const next = await reconnect({ client_id: 'shield-2_new' });
    next.reply(next.commands('join_channel')[0], { ...LOGGED, seq: 0, recovered: true });
    next.deliver(event(1, { sender: 'shield-7f3a_9QmZ1x' }));
    for (const seq of [2, 2, 3]) next.deliver(event(seq));
    await settle();
    expect([heard, shown.map(({ seq }) => seq)]).toEqual([seen, seen]);
  });

  it('[LOG-9] [PRT-20] asks each room for the messages to all of it that were missed, and shows each once', async () => {
    const { client, connect, join, reconnect, record } = createClientFixture();
    const told = record('rejoined');
    const shown = record('publication');
    const socket = await connect();
    const epoch = 'e-7c9e6679';
    await join('science:general', { ...LOGGED, room_log: { epoch, seq: 7 } });
    await join('science:quiet', LOGGED);
    await join('ops:alerts');
    socket.deliver(event(9, { channel: '*' }));
    socket.end(1006);
    const next = await reconnect();
    const [general, quiet, alerts] = next.commands('join_channel');
    const from = { epoch, seq: 9 };
    expect(next.commands('join_channel').map(({ args }) => (args as Frame)['room_from'])).toEqual([
      from,
      from,
      undefined,
    ]);
    next.reply(quiet, { ...LOGGED, recovered: true, room_log: { ...from, recovered: true } });
    for (const seq of [9, 10, 10, 11]) next.deliver(event(seq, { channel: '*' }));
    next.reply(general, { ...LOGGED, recovered: true });
    next.reply(alerts, {});
    await settle();
    expect(told.map(({ channel, roomRecovered }) => [channel, roomRecovered])).toEqual([
      ['quiet', true],
      ['general', undefined],
      ['alerts', undefined],
    ]);
    expect(shown.map(({ seq }) => seq)).toEqual([9, 10, 11]);
    next.end(1006);
    const third = await reconnect();
    expect(third.commands('join_channel')[0]).toMatchObject({ args: { room_from: { epoch, seq: 11 } } });
    third.reply(third.commands('join_channel')[0], {
      ...LOGGED,
      recovered: true,
      room_log: { epoch: 'e-other', seq: 3, recovered: false, reason: 'epoch_changed' },
    });
    await settle();
    expect(told.at(-1)).toMatchObject({ channel: 'general', recovered: true, roomRecovered: false });
    await client.close();
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

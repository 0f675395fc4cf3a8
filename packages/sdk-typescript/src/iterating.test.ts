import { describe, expect, it } from 'vitest';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';

describe('iterating', () => {
  it('reads publications in order and ends when the channel is left', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const read: unknown[] = [];
    const reading = (async () => {
      for await (const { payload } of channel) read.push(payload);
    })();
    for (const seq of [42, 43, 44]) socket.deliver(event(seq));
    await settle();
    const left = channel.leave();
    await settle();
    socket.reply(socket.commands('leave_channel')[0]);
    await Promise.all([reading, left]);
    expect(read).toEqual([{ n: 42 }, { n: 43 }, { n: 44 }]);
  });

  it('begins with what came while nobody read, also after a break', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const readOne = async (): Promise<number | undefined> => {
      for await (const { seq } of channel) return seq;
      return undefined;
    };
    socket.deliver(event(42));
    expect(await readOne()).toBe(42);
    socket.deliver(event(43));
    expect(await readOne()).toBe(43);
  });

  it('keeps no more than 1,000 publications for a slow reader, and tells how many were dropped', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    for (let seq = 42; seq < 42 + 1_005; seq++) socket.deliver(event(seq));
    const read: (number | undefined)[] = [];
    const reading = (async () => {
      for await (const { seq } of channel) read.push(seq);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { dropped: 5 } });
    expect(read).toHaveLength(1_000);
    expect(read.at(-1)).toBe(1_041);
  });

  it('tells a late listener of an overflow', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    for (let seq = 42; seq < 42 + 1_002; seq++) socket.deliver(event(seq));
    const dropped: number[] = [];
    channel.on('overflow', (overflow) => dropped.push(overflow.dropped));
    let heard = 0;
    channel.on('publication', () => heard++);
    expect([heard, dropped]).toEqual([1_000, [2]]);
  });

  it('ends with the error when the server closes for good, and in peace when the client does', async () => {
    const ends = [];
    for (const close of ['server', 'client'] as const) {
      const { client, connect, join } = createClientFixture();
      const socket = await connect();
      const iterator = (await join('science:general'))[Symbol.asyncIterator]();
      const next = iterator.next().catch((error: unknown) => error);
      if (close === 'server') socket.end(4403);
      else await client.close();
      ends.push(await next);
    }
    expect(ends).toMatchObject([{ code: 'AUTHORIZATION_ERROR' }, { done: true }]);
  });
});

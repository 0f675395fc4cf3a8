import { describe, expect, it } from 'vitest';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { settle } from './testing/fake-clock.ts';

describe('publishing on a condition', () => {
  it('[LOG-17] sends the expected sequence, 0 as well', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const published = client.publish('science:general', 1, { expectedSeq: 0 });
    await settle();
    expect(socket.events()[0]).toMatchObject({ expected_seq: 0 });
    socket.refuse(socket.events()[0], 'CONFLICT', { seq: 7 });
    await expect(published).rejects.toMatchObject({ code: 'CONFLICT', details: { seq: 7 } });
  });

  it('[LOG-17] takes the conflict of a repetition for its fate: a log knows what it has stored', async () => {
    const { connect, join, reconnect } = createClientFixture();
    const first = await connect();
    const channel = await join('science:general', LOGGED);
    const outcome = channel.publish('v2', { expectedSeq: 41 }).catch((error: unknown) => error);
    await settle();
    first.end(1006);
    const second = await reconnect();
    second.reply(second.commands('join_channel')[0], { room: 'science', channel: 'general', ...LOGGED });
    await settle();
    second.refuse(second.events()[0], 'CONFLICT', { seq: 42 });
    expect(await outcome).toMatchObject({ code: 'CONFLICT', details: { seq: 42 } });
  });
});

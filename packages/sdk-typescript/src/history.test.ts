import { describe, expect, it } from 'vitest';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';
import type { Publication } from './publication.ts';

async function collect(publications: AsyncIterable<Publication>): Promise<unknown[]> {
  const seqs: unknown[] = [];
  for await (const { seq } of publications) seqs.push(seq);
  return seqs;
}

describe('history', () => {
  it('[LOG-19] asks for a page when the one before is read, and ends with the last', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const options = { order: 'newest', beforeSeq: 9, pageSize: 2, since: new Date(0), until: new Date(1_000) } as const;
    const reading = collect(channel.history(options));
    await settle();
    expect(socket.commands('history').map(({ args }) => args)).toEqual([
      {
        room: 'science',
        channel: 'general',
        order: 'newest',
        before_seq: 9,
        limit: 2,
        since: '1970-01-01T00:00:00.000Z',
        until: '1970-01-01T00:00:01.000Z',
      },
    ]);
    socket.reply(socket.commands('history')[0], { publications: [event(8), event(7)], cursor: 's7' });
    await settle();
    expect(socket.commands('history')[1]).toMatchObject({ args: { cursor: 's7', order: 'newest' } });
    socket.reply(socket.commands('history')[1], { publications: [event(6)] });
    expect(await reading).toEqual([8, 7, 6]);
  });

  it('[LOG-15] goes on in earlier epochs where it is asked to, newest first, page by page', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const reading = collect(channel.history({ order: 'newest', earlierEpochs: true }));
    const answer = async (page: Record<string, unknown>): Promise<unknown> => {
      await settle();
      const asked = socket.commands('history').at(-1);
      socket.reply(asked, page);
      return asked?.['args'];
    };
    expect(await answer({ publications: [event(2)], earlier_epoch: 'b' })).not.toHaveProperty('epoch');
    expect(await answer({ publications: [event(9)], cursor: 's9' })).toMatchObject({ epoch: 'b' });
    expect(await answer({ publications: [event(8)] })).toMatchObject({ epoch: 'b', cursor: 's9' });
    expect(await reading).toEqual([2, 9, 8]);
    const once = collect(channel.history({ order: 'newest', epoch: 'b' }));
    expect(await answer({ publications: [event(9)], earlier_epoch: 'a' })).toMatchObject({ epoch: 'b' });
    expect(await once).toEqual([9]);
  });

  it('[LOG-19] of a room asks for no channel; a refusal ends the reading', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const reading = collect(client.history({ room: 'science' }));
    await settle();
    expect(socket.commands('history')[0]).toMatchObject({ args: { room: 'science' } });
    expect(socket.commands('history')[0]?.['args']).not.toHaveProperty('channel');
    socket.refuse(socket.commands('history')[0], 'AUTHORIZATION_ERROR');
    await expect(reading).rejects.toMatchObject({ code: 'AUTHORIZATION_ERROR' });
    expect(() => client.history('science')).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });
});

describe('replay', () => {
  const RESULT = { count: 2, epoch: 'e', first_seq: 1, last_seq: 2, hash: 'sha256:00', gaps: [] };
  const replayed = (seq: number, id: unknown) => event(seq, { metadata: { replay: { request_id: id } } });

  it('[LOG-14] gives what is replayed to its reader, and nothing of it to the channel', async () => {
    const { client, connect, join, record } = createClientFixture();
    const shown = record('publication');
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const heard: unknown[] = [];
    channel.on('publication', ({ seq }) => heard.push(seq));
    const replay = client.replay('science:general', { from: new Date(0), speed: 2, causal: true });
    const reading = collect(replay);
    await settle();
    const [command] = socket.commands('op.history.replay');
    expect(command).toMatchObject({
      args: { room: 'science', channel: 'general', from_ts: '1970-01-01T00:00:00.000Z', speed: 2, causal: true },
    });
    socket.deliver(replayed(1, command?.['id']));
    socket.deliver(event(42));
    socket.deliver(replayed(2, command?.['id']));
    socket.deliver(replayed(3, 'arq_of_nobody'));
    socket.reply(command, RESULT);
    expect(await reading).toEqual([1, 2]);
    expect(await replay.result).toEqual(RESULT);
    expect([heard, shown.map(({ seq }) => seq)]).toEqual([[42], [42]]);
  });

  it('[PRT-22] is cancelled by who stops reading, and fails with its refusal', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const replay = client.replay('science:general', { fromSeq: 1, toSeq: 9, strictSequence: true });
    const reading = (async () => {
      for await (const { seq } of replay) return seq;
      return undefined;
    })();
    await settle();
    const [command] = socket.commands('op.history.replay');
    socket.deliver(replayed(1, command?.['id']));
    expect(await reading).toBe(1);
    await settle();
    expect(socket.commands('op.history.replay.cancel')).toMatchObject([{ args: { request_id: command?.['id'] } }]);
    socket.reply(command, { ...RESULT, cancelled: true });
    expect(await replay.result).toMatchObject({ cancelled: true });

    const refused = client.replay('science:general');
    const failing = collect(refused);
    await settle();
    socket.refuse(socket.commands('op.history.replay')[1], 'FEATURE_DISABLED');
    await expect(failing).rejects.toMatchObject({ code: 'FEATURE_DISABLED' });
    await expect(refused.result).rejects.toMatchObject({ code: 'FEATURE_DISABLED' });
  });

  it('[LOG-14] says so when its reader was too slow, and asks for no more', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const replay = client.replay('science:general');
    await settle();
    const [command] = socket.commands('op.history.replay');
    for (let seq = 1; seq <= 1_002; seq++) socket.deliver(replayed(seq, command?.['id']));
    await settle();
    expect(socket.commands('op.history.replay.cancel')).toHaveLength(1);
    socket.reply(command, { ...RESULT, cancelled: true });
    await expect(collect(replay)).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { dropped: 2 } });
  });
});

import { describe, expect, it } from 'vitest';
import type { Publication } from './publication.ts';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';

function seqs(publications: readonly Publication[]): (number | undefined)[] {
  return publications.map(({ seq }) => seq);
}

describe('joining', () => {
  it('joins with its options and tells what the server answered', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const member = {
      client_id: 'shield-2_x',
      user: 'grace',
      client_type: 'human',
      joined_at: '2026-03-01T09:00:00.000Z',
    };
    const stored = { version: '1.0', id: 'arq_01KJKMSTORED01', timestamp: '2026-03-01T09:29:00.000Z', ...event(41) };
    const channel = await join(
      'science:general',
      { ...LOGGED, members: [member], publications: [stored, 'junk'] },
      {
        echo: true,
        history: 5,
        presence: true,
      },
    );
    expect(socket.commands('join_channel')).toMatchObject([
      { args: { room: 'science', channel: 'general', echo: true, history: 5, presence: true } },
    ]);
    expect(channel.joined.position).toEqual({ epoch: 'e-7c9e6679', seq: 41 });
    expect(channel.joined.members).toEqual([member]);
    expect(channel.joined.history).toMatchObject([{ seq: 41, payload: { n: 41 }, sender: 'shield-2_x' }]);
  });

  it('rejects with the refusal, and may try again', async () => {
    const { client, connect, join } = createClientFixture();
    const socket = await connect();
    const refused = client.join('science:secret');
    await settle();
    socket.refuse(socket.commands('join_channel')[0], 'AUTHORIZATION_ERROR');
    await expect(refused).rejects.toMatchObject({ code: 'AUTHORIZATION_ERROR' });
    expect((await join('science:secret')).state).toBe('joined');
  });

  it('gives one subscription to all who join the same channel', async () => {
    const { client, connect, join } = createClientFixture();
    const socket = await connect();
    const [first, second] = await Promise.all([join('science:general'), client.join('science:general')]);
    expect(first).toBe(second);
    expect(await client.join({ room: 'science', channel: 'general' })).toBe(first);
    expect(socket.commands('join_channel')).toHaveLength(1);
  });

  it('leaves, and hears no more', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general');
    const heard: Publication[] = [];
    channel.on('publication', (publication) => heard.push(publication));
    const left = channel.leave();
    await settle();
    socket.deliver(event(42));
    socket.reply(socket.commands('leave_channel')[0]);
    await left;
    expect(heard).toEqual([]);
    expect(channel.state).toBe('ended');
  });

  it('loses nothing that comes between the answer and the first listener', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const joined = client.join('science:general', { history: 3 });
    await settle();
    // In one turn of the event loop, as a socket library delivers what came in one packet.
    const stored = [40, 41, 42].map((seq) => ({ id: `arq_01KJKMSTORED${seq}`, ...event(seq) }));
    socket.deliver(event(42));
    socket.reply(socket.commands('join_channel')[0], { ...LOGGED, seq: 42, publications: stored });
    socket.deliver(event(43));
    const channel = await joined;
    const heard: Publication[] = [];
    channel.on('publication', (publication) => heard.push(publication));
    socket.deliver(event(44));
    expect(seqs(channel.joined.history)).toEqual([40, 41, 42]);
    expect(seqs(heard)).toEqual([43, 44]);
  });
});

describe('receiving', () => {
  it('shows a publication as the application wants it', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const heard: Publication[] = [];
    channel.on('publication', (publication) => heard.push(publication));
    socket.deliver({ ...event(42), id: 'arq_01KJKMPUBLISHED', metadata: { tenant_id: 'acme' }, schema: 'n.v1' });
    expect(heard).toEqual([
      {
        room: 'science',
        channel: 'general',
        sender: 'shield-2_x',
        id: 'arq_01KJKMPUBLISHED',
        payload: { n: 42 },
        contentType: 'application/json',
        timestamp: new Date('2026-03-01T09:30:00.250Z'),
        metadata: { tenant_id: 'acme' },
        seq: 42,
        prevSeq: 41,
        epoch: 'e-7c9e6679',
        schema: 'n.v1',
      },
    ]);
  });

  it('[PRT-11] shows other content types as bytes', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general');
    const heard: Publication[] = [];
    channel.on('publication', (publication) => heard.push(publication));
    socket.deliver({ type: 'event', room: 'science', channel: 'general', payload: 'AP8Q', content_type: 'image/png' });
    expect(heard).toMatchObject([{ payload: Uint8Array.of(0, 255, 16), contentType: 'image/png' }]);
  });

  it('drops what it has seen in the same epoch, and takes a new epoch from its beginning', async () => {
    const { connect, join, record } = createClientFixture();
    const all = record('publication');
    const socket = await connect();
    await join('science:general', LOGGED);
    for (const seq of [42, 43, 42, 43, 41, 45]) socket.deliver(event(seq));
    for (const seq of [1, 1, 2]) socket.deliver(event(seq, { epoch: 'e-after-restore' }));
    expect(seqs(all)).toEqual([42, 43, 45, 1, 2]);
  });

  it('takes every publication of a channel without a log', async () => {
    const { connect, join, record } = createClientFixture();
    const all = record('publication');
    const socket = await connect();
    await join('science:live');
    const live = { type: 'event', room: 'science', channel: 'live', payload: 1 };
    socket.deliver(live);
    socket.deliver(live);
    expect(all).toHaveLength(2);
  });

  it('[PRT-20] tells a message to the whole room once, and to each subscription of the room', async () => {
    const { connect, join, record } = createClientFixture();
    const all = record('publication');
    const socket = await connect();
    const heard: string[] = [];
    for (const name of ['general', 'random']) {
      (await join(`science:${name}`)).on('publication', ({ channel }) => heard.push(`${name} ${channel}`));
    }
    (await join('ops:general')).on('publication', () => heard.push('ops'));
    socket.deliver(event(7, { channel: '*' }));
    socket.deliver(event(7, { channel: '*' }));
    expect(all).toHaveLength(1);
    expect(heard).toEqual(['general *', 'random *']);
  });

  it('[PRT-17] tells private messages apart', async () => {
    const { connect, record } = createClientFixture();
    const privates = record('private');
    const publications = record('publication');
    const socket = await connect();
    socket.deliver({ type: 'private', sender: 'shield-2_x', to: ['shield-7f3a_9QmZ1x'], payload: 'psst' });
    expect(privates).toMatchObject([{ payload: 'psst', sender: 'shield-2_x' }]);
    expect(publications).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';
import type { Frame, ScriptedSocket } from './testing/scripted-web-socket.ts';

const epoch = 'e-7c9e6679';
const FIRST = 'shield-7f3a_9QmZ1x';
const second = { client_id: 'shield-2_new', resume_token: 'sealed-2' };

/** A client in two channels, one of them logged, that has lost its connection and was welcomed on another. */
async function createLost() {
  const fixture = createClientFixture();
  const connected = fixture.client.connect();
  await settle();
  fixture.network.last().welcome({ resume_token: 'sealed-1' });
  await connected;
  const socket = fixture.network.last();
  const general = await fixture.join('science:general', LOGGED, { echo: true, meta: { seat: 1 }, history: 5 });
  const alerts = await fixture.join('ops:alerts');
  socket.deliver(event(42));
  const rejoined = fixture.record('rejoined');
  const welcomes = fixture.record('welcome');
  socket.end(1006);
  return { ...fixture, general, alerts, rejoined, welcomes, next: await fixture.reconnect(second) };
}

function replyTo(socket: ScriptedSocket, more: Frame = {}): void {
  const general = { room: 'science', channel: 'general', epoch, seq: 42, recovered: true };
  socket.reply(socket.commands('resume')[0], {
    client_id: FIRST,
    resume_token: 'sealed-3',
    channels: [
      { room: 'science', channel: 'general', joined: general },
      { room: 'ops', channel: 'alerts', joined: { room: 'ops', channel: 'alerts' } },
    ],
    ...more,
  });
}

describe('resuming', () => {
  it('[PRT-7] [LOG-9] goes on as the same client, in one command, from where each channel was', async () => {
    const { client, next, general, rejoined, welcomes, record } = await createLost();
    expect(next.sent).toHaveLength(1);
    expect(next.commands('resume')[0]?.['args']).toEqual({
      resume_token: 'sealed-1',
      channels: { 'science:general': { epoch, seq: 42, echo: true, meta: { seat: 1 } }, 'ops:alerts': {} },
    });
    expect([welcomes, client.id]).toEqual([[], FIRST]);
    const shown = record('publication');
    replyTo(next);
    for (const seq of [42, 43, 43, 44]) next.deliver(event(seq));
    await settle();
    expect([client.id, client.state]).toMatchObject([FIRST, { welcome: { clientId: FIRST } }]);
    expect(welcomes).toMatchObject([{ clientId: FIRST, resumeToken: 'sealed-3' }]);
    expect(rejoined).toMatchObject([
      { channel: 'general', recovered: true, lastSeen: { epoch, seq: 42 } },
      { channel: 'alerts', recovered: false, reason: 'no_log' },
    ]);
    expect(general.state).toBe('joined');
    expect(shown.map(({ seq }) => seq)).toEqual([43, 44]);
    expect(next.sent).toHaveLength(1);
  });

  it('[PRT-7] joins afresh, as another client, where the session is expired, and resumes that one the next time', async () => {
    const { client, next, welcomes, reconnect } = await createLost();
    next.refuse(next.commands('resume')[0], 'RESUME_EXPIRED');
    await settle();
    expect([client.id, welcomes.length]).toEqual([second.client_id, 1]);
    const joins = next.commands('join_channel');
    expect(joins.map(({ args }) => args)).toMatchObject([{ channel: 'general', from: { epoch, seq: 42 } }, {}]);
    next.reply(joins[0], { room: 'science', channel: 'general', epoch, seq: 42, recovered: true });
    next.reply(joins[1], { room: 'ops', channel: 'alerts' });
    await settle();
    next.end(1006);
    const third = await reconnect({ client_id: 'shield-3_new', resume_token: 'sealed-4' });
    expect(third.commands('resume')[0]?.['args']).toMatchObject({ resume_token: 'sealed-2' });
  });

  it('[PRT-7] [LOG-9] leaves a channel only once it is joined again, and joins it anew only once it is left', async () => {
    const { client, next, general } = await createLost();
    next.refuse(next.commands('resume')[0], 'RESUME_EXPIRED');
    await settle();
    const [again] = next.commands('join_channel');
    const left = general.leave();
    const anew = client.join('science:general');
    await settle();
    expect([next.commands('leave_channel').length, next.commands('join_channel').length]).toEqual([0, 2]);
    next.reply(again, { room: 'science', channel: 'general', epoch, seq: 42, recovered: true });
    await settle();
    expect([next.commands('leave_channel').length, next.commands('join_channel').length]).toEqual([1, 2]);
    next.reply(next.commands('leave_channel')[0], {});
    await left;
    await settle();
    next.reply(next.commands('join_channel')[2], { room: 'science', channel: 'general', epoch, seq: 44 });
    expect((await anew).joined.position).toEqual({ epoch, seq: 44 });
  });

  it('[PRT-7] tries again while nothing can be decided, and joins afresh after the third time', async () => {
    const { client, clock, next } = await createLost();
    for (let tries = 1; tries <= 3; tries++) {
      expect([next.commands('resume').length, next.commands('join_channel').length]).toEqual([tries, 0]);
      next.refuse(next.commands('resume').at(-1), 'UNAVAILABLE');
      await clock.advance(1_000);
    }
    expect([client.id, next.commands('join_channel').length]).toEqual([second.client_id, 2]);
  });

  it('[PRT-7] tries with the same token on the next connection when this one is lost without an answer', async () => {
    const { client, next, reconnect, welcomes } = await createLost();
    next.end(1006);
    const third = await reconnect({ client_id: 'shield-3_new', resume_token: 'sealed-4' });
    expect(third.commands('resume')[0]?.['args']).toMatchObject({ resume_token: 'sealed-1' });
    replyTo(third);
    await settle();
    expect([client.id, welcomes.length]).toEqual([FIRST, 1]);
  });

  it('[PRT-7] sends nothing else before it is known who the client is, and everything then', async () => {
    const { client, next } = await createLost();
    void client.publish('science:general', 'waits');
    void client.publish('never:joined', 'waits too');
    void client.private('shield-9_bob', 'and this');
    void client.join('science:new');
    void client.command('ping');
    await settle();
    expect(next.sent.map(({ command, type }) => command ?? type)).toEqual(['resume', 'ping']);
    replyTo(next);
    await settle();
    const sent = next.sent.slice(2).map(({ command, type }) => command ?? type);
    expect(sent.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      'event',
      'event',
      'join_channel',
      'private',
    ]);
  });

  it('[PRT-7] [LOG-9] shows what was missed to nobody who has left meanwhile, also where they joined again', async () => {
    const { client, next, general, record } = await createLost();
    const shown = record('publication');
    const left = general.leave();
    const again = client.join('science:general');
    replyTo(next);
    await settle();
    next.reply(next.commands('leave_channel')[0], {});
    await left;
    for (const seq of [43, 44]) next.deliver(event(seq));
    next.reply(next.commands('join_channel')[0], { room: 'science', channel: 'general', epoch, seq: 44 });
    next.deliver(event(45));
    const read: unknown[] = [];
    (await again).on('publication', ({ seq }) => read.push(seq));
    expect(read).toEqual([45]);
    expect(shown.length).toBeGreaterThan(0);
  });

  it('[PRT-7] ends a subscription whose right is gone, and joins again what was refused for the moment', async () => {
    const { general, alerts, next } = await createLost();
    const ends: unknown[] = [];
    general.on('end', ({ error }) => ends.push(error?.code));
    replyTo(next, {
      channels: [
        { room: 'science', channel: 'general', error_code: 'AUTHORIZATION_ERROR', error: 'You may not do this.' },
        { room: 'ops', channel: 'alerts', error_code: 'UNAVAILABLE' },
      ],
    });
    await settle();
    expect([general.state, alerts.state, ends]).toEqual(['ended', 'joining', ['AUTHORIZATION_ERROR']]);
  });

  it('[PRT-7] [PRS-2] shows again what it had set, and forgets everything when it is closed', async () => {
    const { client, next, reconnect } = await createLost();
    replyTo(next);
    await settle();
    const set = client.command('set_status', { status: 'away', meta: { until: 'noon' } });
    await settle();
    next.reply(next.commands('set_status')[0]);
    await set;
    next.end(1006);
    const third = await reconnect(second);
    const shown = { resume_token: 'sealed-3', status: 'away', meta: { until: 'noon' } };
    expect(third.commands('resume')[0]?.['args']).toMatchObject(shown);
    await client.close();
    void client.connect();
    const fourth = await reconnect(second);
    expect(fourth.commands('resume')).toEqual([]);
    await client.close();
  });

  it('[PRT-7] shows again what it had set where it is another client, before it joins', async () => {
    const { client, next, reconnect } = await createLost();
    replyTo(next);
    await settle();
    const set = client.command('set_status', { status: 'away' });
    await settle();
    next.reply(next.commands('set_status')[0]);
    await set;
    next.end(1006);
    const third = await reconnect({ client_id: 'shield-3_new', resume_token: 'sealed-4' });
    third.refuse(third.commands('resume')[0], 'RESUME_EXPIRED');
    await settle();
    expect(third.sent.map(({ command }) => command)).toEqual(['resume', 'set_status', 'join_channel', 'join_channel']);
    expect(third.commands('set_status')[0]?.['args']).toEqual({ status: 'away' });
  });

  it('[PRT-7] does without on a server that gives no tokens', async () => {
    const { connect, join, reconnect, client } = createClientFixture();
    const socket = await connect();
    await join('science:general', LOGGED);
    socket.end(1006);
    const next = await reconnect({ client_id: 'shield-2_new' });
    expect([next.commands('resume').length, next.commands('join_channel').length, client.id]).toEqual([
      0,
      1,
      'shield-2_new',
    ]);
  });
});

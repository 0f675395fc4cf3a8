import { describe, expect, it } from 'vitest';
import type { StateRequest } from './state-loading.ts';
import { createClientFixture } from './testing/client-fixture.ts';
import type { ClientFixture } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';

const epoch = 'e-7c9e6679';
const target = { room: 'science', channel: 'general' };

/** States as the application's own server gives them: by their positions, one after the other. */
function createStates(...seqs: readonly (number | undefined)[]) {
  const asked: StateRequest[] = [];
  const left = [...seqs];
  return {
    asked,
    getState: async (request: StateRequest) => {
      asked.push(request);
      const seq = left.shift();
      if (seq === -1) throw new Error('the database is away');
      return seq === undefined ? undefined : { epoch, seq };
    },
  };
}

function answerJoin({ network }: ClientFixture, result: object): Promise<void> {
  network.last().reply(network.last().commands('join_channel').at(-1), { ...target, epoch, ...result });
  return settle();
}

describe('getState', () => {
  it('[LOG-9] loads before the first join, which begins after the state that was loaded', async () => {
    const fixture = createClientFixture();
    const socket = await fixture.connect();
    const { asked, getState } = createStates(40);
    const joining = fixture.client.join('science:general', { getState, history: 5 });
    await settle();
    expect(asked).toEqual([{ ...target, reason: 'first' }]);
    expect(socket.commands('join_channel').map(({ args }) => args)).toEqual([{ ...target, from: { epoch, seq: 40 } }]);
    await answerJoin(fixture, { seq: 40, recovered: true });
    const heard: unknown[] = [];
    (await joining).on('publication', ({ seq }) => heard.push(seq));
    for (const seq of [40, 41, 42]) socket.deliver(event(seq));
    expect(heard).toEqual([41, 42]);
  });

  it('[LOG-9] loads again when the state is older than the log, and gives up after three', async () => {
    const fixture = createClientFixture();
    const socket = await fixture.connect();
    const { asked, getState } = createStates(1, 2, 3);
    const joining = fixture.client.join('science:general', { getState });
    const outcome = joining.catch((error: unknown) => error);
    for (let tries = 1; tries <= 3; tries++) {
      await settle();
      await answerJoin(fixture, { seq: 90, recovered: false, reason: 'trimmed' });
      socket.reply(socket.commands('leave_channel').at(-1), target);
    }
    expect(await outcome).toMatchObject({ code: 'CONFLICT' });
    expect(asked.map(({ reason }) => reason)).toEqual(['first', 'trimmed', 'trimmed']);
  });

  it('[LOG-9] is not asked while everything missed can be had, and loads what cannot', async () => {
    const fixture = createClientFixture();
    const socket = await fixture.connect();
    const { asked, getState } = createStates(40, 95);
    const joining = fixture.client.join('science:general', { getState });
    await settle();
    await answerJoin(fixture, { seq: 40, recovered: true });
    const channel = await joining;
    const rejoined = fixture.record('rejoined');
    const heard: unknown[] = [];
    channel.on('publication', ({ seq }) => heard.push(seq));
    socket.end(1006);
    const second = await fixture.reconnect();
    await answerJoin(fixture, { seq: 40, recovered: true });
    expect([asked.length, rejoined]).toMatchObject([1, [{ recovered: true }]]);
    second.end(1006);
    const third = await fixture.reconnect();
    await answerJoin(fixture, { seq: 99, recovered: false, reason: 'trimmed' });
    third.deliver(event(100));
    third.reply(third.commands('leave_channel')[0], target);
    await settle();
    expect(asked.at(-1)).toEqual({ ...target, reason: 'trimmed' });
    expect(third.commands('join_channel').at(-1)?.['args']).toEqual({ ...target, from: { epoch, seq: 95 } });
    await answerJoin(fixture, { seq: 95, recovered: true });
    for (const seq of [96, 97, 98, 99, 100, 101]) third.deliver(event(seq));
    // What came before the state was loaded comes again after it.
    expect(heard).toEqual([100, 96, 97, 98, 99, 100, 101]);
    expect(rejoined.at(-1)).toMatchObject({ recovered: false, reloaded: true, reason: 'trimmed' });
    expect(channel.state).toBe('joined');
  });

  it('[LOG-9] without a position begins now, and a state that cannot be loaded is told', async () => {
    const fixture = createClientFixture();
    const socket = await fixture.connect();
    const joining = fixture.client.join('science:general', createStates(undefined));
    await settle();
    expect(socket.commands('join_channel').at(-1)?.['args']).toEqual(target);
    await answerJoin(fixture, { seq: 7 });
    expect((await joining).state).toBe('joined');
    const failing = fixture.client.join('science:other', createStates(-1)).catch((error: unknown) => error);
    expect(await failing).toMatchObject({ code: 'UNAVAILABLE', cause: { message: 'the database is away' } });
  });
});

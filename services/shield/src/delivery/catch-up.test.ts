import { describe, expect, it } from 'vitest';
import { turn } from '../session/session-rig.ts';
import { createSlow, drain, laggingOf, renewLog } from './slow-client-rig.ts';

describe('catching up where the log may be another one', () => {
  it('[LOG-4] [LOG-11] hears of a hole where the log is another one by the time it has drained', async () => {
    const { rig, client } = await createSlow('general');
    await rig.publish('general');
    await rig.deliver();
    renewLog(rig, 9);
    await drain(rig, client);
    expect(laggingOf(client).at(-1)).toMatchObject({ epoch: 'e2', seq: 9, recovered: false, reason: 'epoch_changed' });
    expect(client.connection.topics.size).toBe(2);
  });

  it('[LOG-4] [LOG-11] gets nothing of another log that took the place of its own during a read', async () => {
    const { rig, client } = await createSlow('general');
    for (let i = 0; i < 3; i++) await rig.publish('general');
    await rig.deliver();
    const frames = client.connection.envelopes().filter(({ type }) => type === 'event').length;
    rig.holdsReads = true;
    await drain(rig, client);
    renewLog(rig, 9);
    await rig.releaseReads();
    expect(client.connection.envelopes().filter(({ type }) => type === 'event')).toHaveLength(frames);
    expect(laggingOf(client).at(-1)).toMatchObject({ epoch: 'e2', recovered: false, reason: 'epoch_changed' });
  });

  it('[LOG-4] [LOG-11] gets nothing that was read while it is doubted which log it is of', async () => {
    const { rig, client } = await createSlow('general');
    for (let i = 0; i < 3; i++) await rig.publish('general');
    await rig.deliver();
    const eventsOf = () => client.connection.envelopes().filter(({ type }) => type === 'event');
    const before = eventsOf().length;
    rig.holdsReads = true;
    await drain(rig, client);
    const known: (() => void)[] = [];
    const doubted = [...rig.channels.all()];
    for (const channel of doubted) {
      channel.doubt = { afterSeq: undefined, upTo: 0 };
      channel.ready = new Promise((resolve) => known.push(resolve));
    }
    await rig.releaseReads();
    expect(eventsOf()).toHaveLength(before);
    rig.holdsReads = false;
    for (const channel of doubted) channel.doubt = undefined;
    for (const resolve of known) resolve();
    await turn();
    expect(eventsOf().slice(before)).toMatchObject([{ seq: 2 }, { seq: 3 }, { seq: 4 }]);
  });
});

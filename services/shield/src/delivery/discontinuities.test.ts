import { ctl } from '@arqonbus/spine';
import { describe, expect, it, vi } from 'vitest';
import type { DeliveryRig } from './delivery-rig.ts';
import { createDiscontinuityRig, createDoubtedRig } from './discontinuities-rig.ts';

describe('a loss of the Spine', () => {
  it('[SPN-4] is told on live channels once it is over, and on no other', async () => {
    const { rig, metrics, told, comeBack, lose, discontinuities, statuses } = await createDiscontinuityRig({});
    comeBack();
    expect(told).toEqual([]);
    lose();
    comeBack();
    comeBack();
    expect([...rig.channels.all()].find(({ name }) => name === 'science:live')?.doubt).toBeUndefined();
    expect(told).toEqual([['science:live', { event: 'discontinuity', reason: 'spine' }]]);
    expect(metrics.render()).toContain('arqonbus_discontinuities_total{reason="spine"} 1');
    discontinuities.stop();
    expect(statuses).toEqual([]);
  });

  it('[LOG-16] makes logged channels fetch what came meanwhile, also where nothing follows', async () => {
    const { rig, reached, lose, comeBack } = await createDiscontinuityRig({ lastSeq: 9 });
    const [general] = [...rig.channels.all()].filter(({ name }) => name === 'science:general');
    lose();
    expect(general?.isContinuous).toBe(false);
    comeBack();
    await vi.waitFor(() => expect(reached).toContainEqual(['science:general', 9]));
    await vi.waitFor(() => expect(general?.isContinuous).toBe(true));
  });

  it('[LOG-16] looks again where the log could not be read: the channel and its room', async () => {
    const { reached, errors, timers, lose, comeBack } = await createDiscontinuityRig({ lastSeq: 9 }, { failures: 2 });
    lose();
    comeBack();
    await vi.waitFor(() => expect([errors.length, timers.length]).toEqual([2, 2]));
    expect(reached).toEqual([]);
    for (const run of timers.splice(0)) run();
    await vi.waitFor(() => expect(reached).toContainEqual(['science:general', 9]));
    await vi.waitFor(() => expect(reached).toContainEqual(['science:*', 9]));
    expect(timers).toEqual([]);
  });

  it('[LOG-16] leaves a log that could not be read to the next reconnect where the Spine is lost again', async () => {
    const { reached, errors, timers, lose, comeBack } = await createDiscontinuityRig({ lastSeq: 9 }, { failures: 2 });
    lose();
    comeBack();
    await vi.waitFor(() => expect(errors.length).toBe(2));
    lose();
    for (const run of timers.splice(0)) run();
    expect([reached, timers]).toEqual([[], []]);
    comeBack();
    await vi.waitFor(() => expect(reached.length).toBe(2));
  });

  it('[LOG-4] is told as a hole where the log is another one now', async () => {
    const { rig, told, reached, lose, comeBack } = await createDiscontinuityRig({ epoch: 'another', lastSeq: 3 });
    lose();
    comeBack();
    const payload = { event: 'lagging', epoch: 'another', seq: 3, recovered: false, reason: 'epoch_changed' };
    await vi.waitFor(() => expect(told).toContainEqual(['science:general', payload]));
    const general = [...rig.channels.all()].find(({ name }) => name === 'science:general');
    expect(general).toMatchObject({ epoch: 'another', lastSeq: 3, receivedSeq: 3 });
    expect(reached).toContainEqual(['science:general', 3]);
  });

  it('[LOG-6] [LOG-4] a Brain that keeps the log says when to look, and live channels hear nothing of it', async () => {
    const { rig, told, discontinuities } = await createDiscontinuityRig({ epoch: 'another', lastSeq: 3 });
    rig.spine.publish(ctl('log'), new Uint8Array());
    await rig.deliver();
    const payload = { event: 'lagging', epoch: 'another', seq: 3, recovered: false, reason: 'epoch_changed' };
    await vi.waitFor(() => expect(told).toHaveLength(2));
    for (const name of ['science:*', 'science:general']) expect(told).toContainEqual([name, payload]);
    discontinuities.stop();
  });

  it('[LOG-4] goes on in the new log with the first message that was heard of it', async () => {
    const { generalOf, reached, told, ask } = await createDoubtedRig({ epoch: 'another', lastSeq: 70 });
    await ask({ afterSeq: 60, upTo: 70 });
    const payload = { event: 'lagging', epoch: 'another', seq: 60, recovered: false, reason: 'epoch_changed' };
    expect(told).toContainEqual(['science:general', payload]);
    expect(generalOf()).toMatchObject({ epoch: 'another', receivedSeq: 60, doubt: undefined });
    expect(reached).toContainEqual(['science:general', 70]);
  });

  it('[LOG-4] what was heard and is of the log that was is not waited for', async () => {
    const { generalOf, reached, ask } = await createDoubtedRig({ epoch: 'another', lastSeq: 3 });
    await ask({ afterSeq: 69, upTo: 70 });
    expect(generalOf()).toMatchObject({ epoch: 'another', receivedSeq: 3, doubt: undefined });
    expect(reached).toContainEqual(['science:general', 3]);
  });

  it('[LOG-4] a stream that has lost something is asked for by its own channels alone, and they wait', async () => {
    const doubted: string[] = [];
    const onAsked = (rig: DeliveryRig): void => {
      for (const { name, doubt } of rig.channels.all()) if (doubt !== undefined) doubted.push(name);
    };
    const { rig, told, changes, discontinuities } = await createDiscontinuityRig(
      { epoch: 'another', lastSeq: 3 },
      { onAsked },
    );
    const [general] = [...rig.channels.all()].filter(({ name }) => name === 'science:general');
    for (const channel of rig.channels.all()) channel.stream = channel === general ? 'LOG_default_1' : 'LOG_default_0';
    for (const change of changes) change({ kind: 'generation', stream: 'LOG_default_1' });
    await vi.waitFor(() => expect(told).toMatchObject([['science:general', { reason: 'epoch_changed' }]]));
    expect(doubted).toEqual(['science:general']);
    discontinuities.stop();
  });

  it.each([
    ['what came of its own meanwhile does not come again', '', 'unknown', 0, 70],
    ['what came of its new stream does not come again', 'LOG_default_1', 'LOG_default_1', 5, 5],
    ['what came of a third stream counts for nothing', 'LOG_default_1', 'LOG_default_2', 900, 3],
  ])('[LOG-2] [LOG-4] where a layout moves a channel, %s', async (_, to, stream, seq, at) => {
    const generalOf = ({ channels }: DeliveryRig) =>
      [...channels.all()].filter(({ name }) => name === 'science:general');
    // The old stream goes on until every Shield knows the layout, and what other Shields append to the new one comes, too.
    const onAsked = (rig: DeliveryRig): void => {
      for (const channel of generalOf(rig)) {
        expect(channel.doubt).toBeUndefined();
        Object.assign(channel, { receivedSeq: 70, lastSeq: 70, elsewhere: { stream, seq } });
      }
    };
    const moved = { epoch: 'another', lastSeq: 3, stream: to };
    const { rig, told, changes, discontinuities } = await createDiscontinuityRig(moved, { onAsked });
    for (const change of changes) change({ kind: 'layout' });
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(generalOf(rig)).toMatchObject([{ epoch: 'another', receivedSeq: at, lastSeq: at, elsewhere: undefined }]);
    discontinuities.stop();
  });

  it('[LOG-4] who joins meanwhile waits until it is known which log it is', async () => {
    const generalOf = ({ channels }: DeliveryRig) => [...channels.all()].find(({ name }) => name === 'science:general');
    const { rig, errors, timers, discontinuities } = await createDiscontinuityRig(
      { epoch: 'another', lastSeq: 3 },
      { failures: 2 },
    );
    const ready = (): Promise<void> => generalOf(rig)?.ready ?? Promise.reject(new Error('no channel'));
    rig.spine.publish(ctl('log'), new Uint8Array());
    await rig.deliver();
    // Nobody could tell: a join now is refused, and not let in by what was known before.
    await expect(ready()).rejects.toMatchObject({ code: 'TIMEOUT' });
    await vi.waitFor(() => expect([errors.length, timers.length]).toEqual([2, 2]));
    for (const run of timers.splice(0)) run();
    await ready();
    expect(generalOf(rig)?.epoch).toBe('another');
    discontinuities.stop();
  });
});

describe('a log that cannot be read yet', () => {
  it('[SPN-4] [LOG-8] is tried again until it can, and nobody waits for another loss of the Spine', async () => {
    const { errors, reached, loss, lose, comeBack, timers } = await createDiscontinuityRig({});
    loss.isAway = true;
    loss.lastSeq = 9;
    lose();
    comeBack();
    await vi.waitFor(() => expect(timers).toHaveLength(2));
    expect([errors.length > 0, reached]).toEqual([true, []]);
    loss.isAway = false;
    for (const run of timers.splice(0)) run();
    await vi.waitFor(() => expect(reached).toContainEqual(['science:general', 9]));
    expect(timers).toEqual([]);
  });
});

describe('a log that is another one', () => {
  it('[LOG-4] is told to subscribers as soon as somebody says so, without a loss of the Spine', async () => {
    const { changes, told } = await createDiscontinuityRig({ epoch: 'another', lastSeq: 3 });
    for (const change of changes) change({ kind: 'layout' });
    const payload = { event: 'lagging', epoch: 'another', seq: 3, recovered: false, reason: 'epoch_changed' };
    await vi.waitFor(() => expect(told).toContainEqual(['science:general', payload]));
  });

  it('[LOG-4] begins for a `live` channel that a layout gives a log, and ends for one that it takes it from', async () => {
    const { rig, changes, told, layout } = await createDiscontinuityRig({});
    const channelOf = (name: string) => [...rig.channels.all()].find((channel) => channel.name === `science:${name}`);
    layout.logClasses = { general: 'live', live: 'history' };
    for (const change of changes) change({ kind: 'layout' });
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(channelOf('general')).toMatchObject({ logClass: 'live', epoch: '', lastSeq: 0 });
    expect(channelOf('live')).toMatchObject({ logClass: 'history', epoch: '0707070707070707' });
    const reasons = (told as [string, { reason: string }][]).map(([name, { reason }]) => [name, reason]);
    expect(Object.fromEntries(reasons)).toEqual({ 'science:general': 'no_log', 'science:live': 'epoch_changed' });
  });
});

describe('a last message that is lost on the way', () => {
  it('[LOG-16] R-38: is found by the second look at the latest, where nothing follows it', async () => {
    const { rig, reached, loss, discontinuities } = await createDiscontinuityRig({});
    await discontinuities.confirm();
    const [general] = [...rig.channels.all()].filter(({ name }) => name === 'science:general');
    loss.endSeq = 9;
    loss.lastSeq = 9;
    await discontinuities.confirm();
    expect(reached).toContainEqual(['science:general', 9]);
    expect(general?.logClass).toBe('history');
  });

  it('[LOG-16] costs one question for all channels of a stream that is unchanged', async () => {
    const { rig, discontinuities, asked } = await createDiscontinuityRig({});
    for (const name of ['a', 'b', 'c']) await rig.join(rig.connect(), name);
    await discontinuities.confirm();
    await discontinuities.confirm();
    asked.length = 0;
    await discontinuities.confirm();
    expect(asked).toEqual([]);
  });

  it('[LOG-16] is looked for again after a log that could not be read', async () => {
    const { discontinuities, errors, reached, loss, timers } = await createDiscontinuityRig({});
    await discontinuities.confirm();
    loss.endSeq = 9;
    loss.lastSeq = 9;
    loss.isAway = true;
    await discontinuities.confirm();
    expect(errors).not.toEqual([]);
    loss.isAway = false;
    for (const run of timers.splice(0)) run();
    await vi.waitFor(() => expect(reached).toContainEqual(['science:general', 9]));
  });
});

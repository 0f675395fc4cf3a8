import { describe, expect, it } from 'vitest';
import { createDeliveryRig } from './delivery-rig.ts';
import { createSlow, drain, laggingOf } from './slow-client-rig.ts';
import { createTestReader } from './test-reader.ts';

describe('a client that reads too slowly', () => {
  it('[LOG-11] is out of its topics at once, and gets nothing more while it is over its limit', async () => {
    const { rig, client } = await createSlow('general');
    expect(client.connection.topics.size).toBe(0);
    const frames = client.connection.frames.length;
    for (let i = 0; i < 5; i++) await rig.publish('general');
    await rig.deliver();
    expect(client.connection.frames).toHaveLength(frames);
    expect(rig.slowConsumers.count()).toBe(1);
  });

  it('[LOG-11] is told and gets what it missed from the log once it has drained, then by topic again', async () => {
    const { rig, client } = await createSlow('general');
    const reader = createTestReader(client.connection, 'general');
    const all = [1];
    for (let i = 0; i < 7; i++) all.push(await rig.publish('general'));
    await rig.deliver();
    await drain(rig, client);
    expect(laggingOf(client)).toEqual([
      { event: 'lagging', room: 'science', channel: 'general', epoch: '0707070707070707', seq: 1 },
    ]);
    all.push(await rig.publish('general'));
    await rig.deliver();
    reader.read(all);
    expect(reader.received()).toEqual(all);
    expect(rig.metrics.render()).toContain('arqonbus_messages_recovered_total{class="history"} 7');
    expect(rig.metrics.render()).toContain('arqonbus_recoveries_total{path="catch_up",recovered="true"} 1');
    expect(client.session.slow).toBeUndefined();
    expect(client.connection.topics.size).toBe(2);
    rig.slowConsumers.sweep();
    expect(rig.slowConsumers.count()).toBe(0);
  });

  it('[LOG-11] hears of a hole where the log kept less than it missed (R-39)', async () => {
    const { rig, client } = await createSlow('general');
    for (let i = 0; i < 20; i++) await rig.publish('general');
    await rig.deliver();
    await drain(rig, client);
    expect(laggingOf(client).at(-1)).toMatchObject({ seq: 21, recovered: false, reason: 'trimmed' });
    expect(rig.metrics.render()).toContain('arqonbus_recoveries_total{path="catch_up",recovered="false"} 1');
    await rig.publish('general');
    await rig.deliver();
    expect(client.connection.envelopes().at(-1)).toMatchObject({ type: 'event', seq: 22 });
  });

  it('[SPN-4] [LOG-11] waits after a loss of the Spine until it is known whether the log is still the same', async () => {
    const { rig, client } = await createSlow('general');
    const seq = await rig.publish('general');
    await rig.deliver();
    const [channel] = [...rig.channels.all()].filter(({ name }) => name === 'science:general');
    if (channel === undefined) throw new Error('the channel is not open');
    channel.isContinuous = false;
    await drain(rig, client);
    expect(client.session.slow?.marks.has('science:general')).toBe(true);
    channel.isContinuous = true;
    rig.slowConsumers.sweep();
    await rig.deliver();
    expect(client.connection.envelopes().findLast(({ type }) => type === 'event')).toMatchObject({ seq });
    expect(client.session.slow).toBeUndefined();
  });

  it('[LOG-11] of a live channel is told how many it missed', async () => {
    const { rig, client } = await createSlow('live');
    for (let i = 0; i < 5; i++) await rig.publish('live');
    await rig.deliver();
    await drain(rig, client);
    expect(laggingOf(client)).toEqual([{ event: 'lagging', room: 'science', channel: 'live', shed: 5 }]);
    expect(rig.metrics.render()).toContain('arqonbus_messages_shed_total{class="live"} 5');
    await rig.publish('live');
    await rig.deliver();
    expect(client.connection.envelopes().at(-1)).toMatchObject({ type: 'event', seq: 0 });
  });

  it('[TEL-2] that closes while it is behind is counted with what its live channels shed', async () => {
    const { rig, client } = await createSlow('live');
    for (let i = 0; i < 5; i++) await rig.publish('live');
    await rig.deliver();
    rig.slowConsumers.onClosed(client.session);
    expect(rig.metrics.render()).toContain('arqonbus_messages_shed_total{class="live"} 5');
  });

  it('[LOG-11] of a live channel is told nothing where it missed nothing', async () => {
    const { rig, client } = await createSlow('live');
    await drain(rig, client);
    expect(laggingOf(client)).toEqual([]);
  });

  it('[LOG-11] of a state channel gets the latest value alone', async () => {
    const { rig, client } = await createSlow('state');
    const before = client.connection.envelopes().filter(({ type }) => type === 'event').length;
    for (let i = 0; i < 9; i++) await rig.publish('state');
    await rig.deliver();
    await drain(rig, client);
    const events = client.connection.envelopes().filter(({ type }) => type === 'event');
    expect(events.slice(before).map(({ seq }) => seq)).toEqual([10]);
  });

  it('[LOG-11] fills up again on the way, and goes on where it was', async () => {
    const { rig, client } = await createSlow('general');
    const reader = createTestReader(client.connection, 'general');
    const all = [1];
    for (let i = 0; i < 7; i++) all.push(await rig.publish('general'));
    await rig.deliver();
    client.connection.bytesPerFrame = 300;
    await drain(rig, client);
    expect(client.session.slow?.phase).toBe('paused');
    expect(client.session.slow?.marks.get('science:general')?.seq).toBeLessThan(8);
    for (let i = 0; i < 10; i++) await drain(rig, client);
    reader.read(all);
    expect(reader.received()).toEqual(all);
    expect(laggingOf(client)).toHaveLength(1);
  });

  it('[LOG-11] over its limit for ten seconds is closed with 4409, and not before', async () => {
    const { rig, client } = await createSlow('general');
    rig.clock.advance(10_000);
    rig.slowConsumers.sweep();
    expect(client.connection.closeCode).toBeUndefined();
    rig.clock.advance(50);
    rig.slowConsumers.sweep();
    expect(client.connection.closeCode).toBe(4409);
  });

  it('[LOG-11] has ten seconds anew after it has drained', async () => {
    const { rig, client } = await createSlow('general');
    rig.clock.advance(9_000);
    await drain(rig, client);
    await rig.publish('general');
    await rig.deliver();
    client.connection.buffered = 1_001;
    rig.slowConsumers.sweep();
    rig.clock.advance(9_000);
    rig.slowConsumers.sweep();
    expect(client.connection.closeCode).toBeUndefined();
  });

  it('[LOG-11] that asks and never reads is cut at 8 MiB beyond its limit', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    client.connection.bytesPerFrame = 1_048_576;
    for (let i = 0; i < 8; i++)
      rig.parts.send(client.session, rig.parts.envelopes.response('arq_ping000001', { pong: true }));
    rig.slowConsumers.sweep();
    expect(client.connection.closeCode).toBeUndefined();
    rig.parts.send(client.session, rig.parts.envelopes.response('arq_ping000002', { pong: true }));
    rig.slowConsumers.sweep();
    expect(client.connection.closeCode).toBe(4409);
  });

  it('[LOG-11] is told of private and system messages that were not written', async () => {
    const { rig, client } = await createSlow('general');
    expect(rig.slowConsumers.mayWrite(client.session)).toBe(false);
    expect(rig.slowConsumers.mayWrite(client.session)).toBe(false);
    await drain(rig, client);
    expect(laggingOf(client).at(-1)).toEqual({ event: 'lagging', shed: 2 });
    expect(rig.slowConsumers.mayWrite(client.session)).toBe(true);
    expect(rig.metrics.render()).toContain('arqonbus_messages_shed_total{class="direct"} 2');
  });

  it('[LOG-11] does not slow down or stop anybody else (R-28)', async () => {
    const { rig, client } = await createSlow('general');
    const other = rig.connect({ format: 'proto' });
    await rig.join(other, 'general');
    for (let i = 0; i < 20; i++) await rig.publish('general');
    await rig.deliver();
    expect(other.connection.envelopes().filter(({ type }) => type === 'event')).toHaveLength(20);
    expect(client.connection.topics.size).toBe(0);
  });
});

describe('a log that cannot be read', () => {
  it('[LOG-11] is asked again after a second, and nothing comes twice', async () => {
    const { rig, client } = await createSlow('general');
    const reader = createTestReader(client.connection, 'general');
    const all = [1];
    for (let i = 0; i < 7; i++) all.push(await rig.publish('general'));
    await rig.deliver();
    rig.holdsReads = true;
    await drain(rig, client);
    await rig.releaseReads('answer');
    await rig.releaseReads('fail');
    expect(rig.errors).toHaveLength(1);
    for (let i = 0; i < 5; i++) rig.slowConsumers.sweep();
    await rig.releaseReads('fail');
    expect(rig.errors).toHaveLength(1);
    rig.clock.advance(1_000);
    rig.holdsReads = false;
    rig.slowConsumers.sweep();
    await rig.deliver();
    reader.read(all);
    expect(reader.received()).toEqual(all);
    expect(client.session.slow).toBeUndefined();
  });
});

describe('a session that ends while it is brought back', () => {
  it('[LOG-11] leaves nothing behind when the socket closes', async () => {
    const { rig, client } = await createSlow('general');
    await rig.publish('general');
    await rig.deliver();
    rig.holdsReads = true;
    await drain(rig, client);
    rig.disconnect(client);
    await rig.releaseReads();
    rig.slowConsumers.sweep();
    expect(rig.slowConsumers.count()).toBe(0);
    expect(rig.channels.size()).toBe(0);
    expect(rig.errors).toEqual([]);
  });

  it('[LOG-11] leaves nothing behind when the channel is left', async () => {
    const { rig, client } = await createSlow('general');
    await rig.publish('general');
    await rig.deliver();
    rig.holdsReads = true;
    await drain(rig, client);
    rig.subscriptions.leave(client.session, 'science', 'general');
    await rig.releaseReads();
    await rig.deliver();
    expect(client.connection.topics.size).toBe(0);
    expect(client.session.slow).toBeUndefined();
    expect(rig.channels.size()).toBe(0);
  });

  it('[LOG-11] is not brought back once it is being closed', async () => {
    const { rig, client } = await createSlow('general');
    client.session.isClosing = true;
    rig.holdsReads = true;
    await drain(rig, client);
    rig.slowConsumers.sweep();
    expect(client.session.slow?.phase).toBe('paused');
    expect(client.connection.topics.size).toBe(0);
  });
});

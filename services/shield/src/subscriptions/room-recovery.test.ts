import { createEnvelope } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createDeliveryRig } from '../delivery/delivery-rig.ts';
import { payloadOf } from '../session/session-rig.ts';

describe('the first join of a room', () => {
  it('[LOG-9] [PRT-20] brings what was missed of the messages to the whole room, once, by the first join of the room', async () => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'general');
    for (const channel of ['*', 'general', '*', '*']) await rig.publish(channel);
    await rig.deliver();
    const client = rig.connect();
    const epoch = '0707070707070707';
    await rig.join(client, 'general', { from: { epoch, seq: 0 }, room_from: { epoch, seq: 1 } });
    await rig.join(client, 'explore', { room_from: { epoch, seq: 0 } });
    await rig.publish('*');
    await rig.deliver();
    const [first, ...rest] = client.connection.envelopes();
    expect(payloadOf(first ?? createEnvelope('event'))).toMatchObject({
      recovered: true,
      room_log: { epoch, seq: 1, recovered: true },
    });
    expect(rest.map(({ type, seq }) => (type === 'event' ? seq : type))).toEqual([2, 3, 4, 'response', 5]);
    expect(client.connection.payloads()[4]).not.toHaveProperty('room_log');
  });

  it.each([
    [{ epoch: 'other', seq: 2 }, 'epoch_changed'],
    [{ epoch: '0707070707070707', seq: 1 }, 'trimmed'],
  ])('[LOG-9] after %j says that messages to the whole room are missing: %s', async (room_from, reason) => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'general');
    for (let i = 0; i < 12; i++) await rig.publish('*');
    await rig.deliver();
    const client = rig.connect();
    await rig.join(client, 'general', { room_from });
    await rig.publish('*');
    await rig.deliver();
    expect(client.connection.payloads()[0]).toMatchObject({ room_log: { seq: 12, recovered: false, reason } });
    expect(client.connection.envelopes().map(({ seq }) => seq)).toEqual([0, 13]);
  });
});

import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { channelOut } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { decodeTestFrame } from '../session/session-rig.ts';
import { createDeliveryRig } from './delivery-rig.ts';

const encoder = new TextEncoder();
const live = channelOut('acme' as TenantId, 'science', 'live');

describe('the fan-out', () => {
  it('[ARC-13] builds one frame for each wire format in use, and none for others', async () => {
    const rig = createDeliveryRig();
    for (let i = 0; i < 10; i++) await rig.join(rig.connect(), 'general');
    await rig.publish('general', { payload: encoder.encode('{"n":1.0,"text":"Ünïcödé 🦜"}') });
    await rig.deliver();
    expect(rig.published.map(({ topic }) => topic)).toEqual(['j/acme/science:general']);
    for (let i = 0; i < 10; i++) await rig.join(rig.connect({ format: 'proto' }), 'general');
    await rig.publish('general');
    await rig.deliver();
    expect(rig.published.slice(1).map(({ topic }) => topic)).toEqual([
      'j/acme/science:general',
      'p/acme/science:general',
    ]);
  });

  it('[ARC-13] says the same in both formats, payload bytes and position included', async () => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'general');
    await rig.join(rig.connect({ format: 'proto' }), 'general');
    const payload = encoder.encode('{ "n": 1.0 }');
    await rig.publish('general');
    const seq = await rig.publish('general', { payload });
    await rig.deliver();
    const [json, proto] = rig.published
      .slice(-2)
      .map(({ frame, isBinary }) => decodeTestFrame(frame, isBinary ? 'proto' : 'json'));
    expect(json).toEqual(proto);
    expect(json).toMatchObject({ seq, prevSeq: seq - 1, epoch: '0707070707070707', payload });
  });

  it('[PRT-15] leaves out the sender’s own socket unless it asked for its own words', async () => {
    const rig = createDeliveryRig();
    const quiet = rig.connect();
    const echo = rig.connect();
    await rig.join(quiet, 'general');
    await rig.join(echo, 'general', { echo: true });
    for (const sender of [quiet, echo]) await rig.publish('general', { sender: sender.session.clientId });
    await rig.deliver();
    const seen = [quiet, echo].map(({ connection }) =>
      connection
        .envelopes()
        .filter(({ type }) => type === 'event')
        .map(({ seq }) => seq),
    );
    expect(seen).toEqual([[2], [1, 2]]);
    expect(rig.metrics.render()).toContain('arqonbus_messages_delivered_total{class="history"} 3');
  });

  it('[TEL-2] counts what each class of channel delivered, once for each subscriber', async () => {
    const rig = createDeliveryRig();
    for (const channel of ['general', 'live', 'live2']) await rig.join(rig.connect(), channel);
    await rig.join(rig.connect({ format: 'proto' }), 'live');
    for (const channel of ['general', 'live', 'live2', 'live2']) await rig.publish(channel);
    await rig.deliver();
    const text = rig.metrics.render();
    expect(text).toContain('arqonbus_messages_delivered_total{class="live"} 4');
    expect(text).toContain('arqonbus_messages_delivered_total{class="history"} 1');
    expect(text).toContain('arqonbus_messages_delivered_total{class="state"} 0');
  });

  it('[TEL-2] takes the time from ingress to the sockets, of one publication in 16', async () => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'live');
    const timestampMs = rig.clock.now();
    for (let i = 0; i < 31; i++) await rig.publish('live', { timestampMs });
    rig.hand();
    rig.clock.advance(40);
    rig.write();
    const text = rig.metrics.render();
    expect(text).toContain('arqonbus_deliver_duration_seconds_bucket{le="0.025"} 0');
    expect(text).toContain('arqonbus_deliver_duration_seconds_bucket{le="0.05"} 1');
    expect(text).toContain('arqonbus_deliver_duration_seconds_sum 0.04');
  });

  it('[SPN-3] counts and drops what cannot be read', async () => {
    const rig = createDeliveryRig();
    await rig.join(rig.connect(), 'live');
    for (const bytes of [new Uint8Array([255, 255]), new Uint8Array(0), encoder.encode('{"type":"event"}')])
      rig.spine.publish(live, bytes);
    await rig.publish('live');
    await rig.deliver();
    expect(rig.published).toHaveLength(1);
    expect(rig.metrics.render()).toContain('arqonbus_spine_malformed_total 3');
    expect(rig.spine.handlerFailures()).toBe(0);
  });

  it('[SPN-3] counts and drops what can be read and not written, and goes on', async () => {
    const rig = createDeliveryRig();
    const client = rig.connect();
    await rig.join(client, 'general');
    await rig.publish('general', { timestampMs: 9_000_000_000_000_000 });
    const seq = await rig.publish('general');
    await rig.deliver();
    expect(client.connection.envelopes().at(-1)).toMatchObject({ seq });
    expect(rig.metrics.render()).toContain('arqonbus_spine_malformed_total 1');
  });

  it('[LOG-9] writes nothing again that the channel has had, and nothing that its position covers', async () => {
    const rig = createDeliveryRig();
    await rig.publish('general');
    const client = rig.connect();
    await rig.join(client, 'general');
    expect(client.connection.payloads()).toMatchObject([{ seq: 1 }]);
    const subject = channelOut('acme' as TenantId, 'science', 'general');
    const data = encodeProtoEnvelope({ ...createEnvelope('event'), id: 'arq_0000000001' });
    for (const seq of [1, 2, 2, 1]) rig.spine.deliver({ subject, data, seq, prevSeq: seq - 1 });
    await rig.deliver();
    const events = client.connection.envelopes().filter(({ type }) => type === 'event');
    expect(events.map(({ seq }) => seq)).toEqual([2]);
  });
});

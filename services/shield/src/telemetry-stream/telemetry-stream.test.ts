import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { TelemetryEventSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { evt } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { eventNames } from '../activity/activity-events.ts';
import { turn } from '../session/session-rig.ts';
import { RIG_BUFFER_BYTES, createStreamRig, rigEvents, takePayloads } from './stream-rig.ts';

const encoder = new TextEncoder();
const { ping, connected } = rigEvents;

describe('the telemetry stream', () => {
  it('[AUT-4] [TEL-4] shows each administrator the own tenant and nothing else', async () => {
    const { spine, metrics, connect, tell } = createStreamRig();
    const [acme, globex] = [await connect('admin@acme'), await connect('admin@globex')];
    expect(acme.envelopes().map(({ type }) => type)).toEqual(['system']);
    expect(takePayloads(acme)).toEqual([{ event: 'telemetry_welcome', tenant: 'acme', events: eventNames }]);
    expect(takePayloads(globex)).toEqual([{ event: 'telemetry_welcome', tenant: 'globex', events: eventNames }]);
    await tell('acme');
    expect(acme.envelopes().map(({ type, timestampMs, id }) => ({ type, timestampMs, id }))[0]).toEqual({
      type: 'telemetry',
      timestampMs: Date.UTC(2026, 2, 1, 9, 30),
      id: 'arq_01JQ8X3YV4',
    });
    expect([takePayloads(acme), takePayloads(globex)]).toEqual([[ping, connected], []]);
    await tell('globex');
    expect([takePayloads(acme), takePayloads(globex)]).toEqual([[], [ping, connected]]);
    // An event of another tenant or kind under this tenant's subject, and what is no event at all.
    const forged = create(TelemetryEventSchema, {
      type: 'command_executed',
      tenant: 'globex',
      fields: encoder.encode('{}'),
    });
    const acmeSubject = evt('acme' as TenantId, 'command_executed');
    spine.publish(acmeSubject, toBinary(TelemetryEventSchema, forged));
    spine.publish(acmeSubject, toBinary(TelemetryEventSchema, { ...forged, tenant: 'acme', type: 'presence' }));
    spine.publish(acmeSubject, encoder.encode('not protobuf'));
    await turn();
    expect([takePayloads(acme), takePayloads(globex)]).toEqual([[], []]);
    expect(metrics.render()).toContain('arqonbus_spine_malformed_total 3');
  });

  it('[TEL-4] hears the Spine no longer than somebody listens, and gives back the places', async () => {
    const { metrics, admission, connect, close, tell } = createStreamRig();
    const connection = await connect();
    expect(metrics.render()).toContain('arqonbus_telemetry_connections 1');
    close(connection, 1001);
    close(connection, 1001);
    takePayloads(connection);
    await tell();
    expect(takePayloads(connection)).toEqual([]);
    expect(metrics.render()).toContain('arqonbus_telemetry_connections 0');
    for (let n = 0; n < DEFAULT_LIMITS.connectionsPerIp; n++) expect(admission.opened('203.0.113.9')).toBe(true);
    expect(admission.opened('203.0.113.9')).toBe(false);
  });

  it('[TEL-4] filters by subscribe and unsubscribe, each answered', async () => {
    const { connect, send, tell } = createStreamRig();
    const connection = await connect();
    const ask = async (frame: object): Promise<unknown[]> => {
      takePayloads(connection);
      send(connection, { id: 'arq_filter', ...frame });
      expect(connection.envelopes()[0]).toMatchObject({ type: 'response', requestId: 'arq_filter', status: 'success' });
      const [answer] = takePayloads(connection);
      await tell();
      return [answer, ...takePayloads(connection)];
    };
    expect(await ask({ type: 'subscribe', events: ['client_connected'] })).toEqual([
      { events: ['client_connected'] },
      connected,
    ]);
    expect(await ask({ type: 'subscribe', events: ['command_executed', 'client_connected'] })).toEqual([
      { events: ['client_connected', 'command_executed'] },
      ping,
      connected,
    ]);
    expect(await ask({ type: 'unsubscribe', events: ['client_connected'] })).toEqual([
      { events: ['command_executed'] },
      ping,
    ]);
    expect(await ask({ type: 'unsubscribe' })).toEqual([{ events: [] }]);
    expect(await ask({ type: 'subscribe', events: [] })).toEqual([{ events: [] }]);
    expect((await ask({ type: 'subscribe' })).slice(1)).toEqual([ping, connected]);
  });

  it('[TEL-4] names unknown events, changes nothing then, and does not hold a typing error against anybody', async () => {
    const { clock, connect, send, tell } = createStreamRig();
    const connection = await connect();
    for (let n = 0; n < 12; n++) {
      takePayloads(connection);
      send(connection, {
        type: 'subscribe',
        id: 'arq_oops01',
        events: ['client_connected', 'client_conected', '__proto__'],
      });
      clock.advance(1_000);
    }
    expect(connection.envelopes()[0]).toMatchObject({
      type: 'error',
      errorCode: 'VALIDATION_ERROR',
      requestId: 'arq_oops01',
    });
    expect(takePayloads(connection)).toEqual([
      {
        errors: [
          { field: 'events', problem: 'has no event "client_conected"' },
          { field: 'events', problem: 'has no event "__proto__"' },
        ],
      },
    ]);
    await tell();
    expect(takePayloads(connection)).toEqual([ping, connected]);
    send(connection, { type: 'subscribe', events: Array.from({ length: 9_000 }, (_, n) => `e${n}`.repeat(1_000)) });
    expect(connection.frames[0]?.length).toBeLessThan(2_000);
    expect(connection.closeCode).toBeUndefined();
  });

  it('[PRT-10] answers ten malformed frames in a minute, and closes 4400 with the last', async () => {
    const { clock, connect, send } = createStreamRig();
    const frames = [
      '',
      'null',
      '[]',
      '{"type":"subscribe"',
      '{"type":"subscribe","type":"subscribe"}',
      '{"type":"subscribe","__proto__":{"events":[]}}',
      { type: 'event', payload: 'hello' },
      { type: 'subscribe', events: 'client_connected' },
      { type: 'subscribe', events: [null] },
      { events: ['client_connected'] },
    ];
    const slow = await connect();
    for (const frame of frames) {
      send(slow, frame);
      clock.advance(7_000);
    }
    expect(slow.closeCode).toBeUndefined();
    const connection = await connect();
    takePayloads(connection);
    for (const [n, frame] of frames.entries()) {
      expect([n, connection.closeCode]).toEqual([n, undefined]);
      send(connection, frame);
    }
    expect(connection.envelopes().map(({ errorCode }) => errorCode)).toEqual(frames.map(() => 'VALIDATION_ERROR'));
    expect(connection.closeCode).toBe(4400);
  });

  it('[PRT-9] closes 1003 on a binary frame', async () => {
    const { stream, connect } = createStreamRig();
    const connection = await connect();
    stream.handlers.onMessage(connection as never, new TextEncoder().encode('{"type":"subscribe"}'), true);
    expect(connection.closeCode).toBe(1003);
  });

  it('[PRT-23] closes 4429 who floods it with frames or pings, and holds them off', async () => {
    const { clock, connect, knock, send, sign } = createStreamRig();
    const [talker, pinger] = [await connect(), await connect()];
    for (let n = 0; n < DEFAULT_LIMITS.controlFramesBurst; n++) {
      send(talker, { type: 'subscribe' });
      sign(pinger);
    }
    expect([talker.closeCode, pinger.closeCode]).toEqual([undefined, undefined]);
    send(talker, { type: 'subscribe' });
    sign(pinger);
    expect([talker.closeCode, pinger.closeCode]).toEqual([4429, 4429]);
    expect(await knock({ authorization: 'Bearer admin@acme' })).toMatchObject({ accept: false, status: 429 });
    clock.advance(1_000);
    expect(await knock({ authorization: 'Bearer admin@acme' })).toMatchObject({ accept: true });
  });
});

describe('a slow reader of the telemetry stream', () => {
  it('[TEL-4] is held to its bound: events are dropped, counted, and told when it has drained', async () => {
    const { metrics, connect, drained, tell } = createStreamRig();
    const [slow, quick] = [await connect(), await connect()];
    for (const connection of [slow, quick]) takePayloads(connection);
    slow.bytesPerFrame = 150;
    await tell('acme', 19);
    expect(takePayloads(quick)).toHaveLength(20);
    const written = takePayloads(slow).length;
    expect(slow.buffered).toBeLessThanOrEqual(RIG_BUFFER_BYTES);
    expect(written).toBeGreaterThan(4);
    expect(metrics.render()).toContain(`arqonbus_telemetry_dropped_total ${20 - written}`);
    // Not drained enough yet: nothing comes in between, or the order would be lost.
    slow.buffered = RIG_BUFFER_BYTES / 2 + 1;
    drained(slow);
    await tell('acme');
    expect(takePayloads(slow)).toEqual([]);
    slow.buffered = RIG_BUFFER_BYTES / 2;
    drained(slow);
    drained(slow);
    expect(takePayloads(slow)).toEqual([{ eventType: 'system_dropped', count: 22 - written }]);
    slow.buffered = 0;
    await tell('acme');
    expect(takePayloads(slow)).toEqual([ping, connected]);
  });

  it('[LOG-11] that goes on asking without reading the answers is closed 4409', async () => {
    const { connect, send } = createStreamRig();
    const connection = await connect();
    connection.buffered = RIG_BUFFER_BYTES + 1;
    send(connection, { type: 'subscribe' });
    expect(connection.closeCode).toBe(4409);
  });
});

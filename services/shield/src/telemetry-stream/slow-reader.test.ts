import type { TenantId } from '@arqonbus/protocol';
import { TelemetryEventSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { evt } from '@arqonbus/spine';
import { connectRaw, socketServers } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { chooseListener } from '../listener/choose-listener.ts';
import { turn } from '../session/session-rig.ts';
import type { TelemetryPeer } from './follower.ts';
import { createStreamParts, createTestStream } from './stream-rig.ts';

const BOUND = 1_048_576;
const FIELD_BYTES = 60_000;
const tenant = 'acme' as TenantId;

test.for(socketServers())(
  '[TEL-4] a reader that sleeps costs a bounded buffer and learns what it missed (%s)',
  async (name) => {
    const parts = createStreamParts(BOUND);
    const { handlers } = createTestStream(parts);
    let buffered = (): number => 0;
    const listener = chooseListener(name).factory<TelemetryPeer>(
      {
        ...handlers,
        onOpen: (connection) => {
          buffered = () => connection.bufferedAmount();
          handlers.onOpen(connection);
        },
      },
      { ...parts.limits, handshakeTimeoutMs: 5_000, closeGraceMs: 300, compression: false },
    );
    const port = await listener.listen('127.0.0.1', 0);
    const socket = await connectRaw({ port, headers: { authorization: 'Bearer admin@acme' } });
    await socket.nextFrame();
    socket.pause();
    const fields = new TextEncoder().encode(JSON.stringify({ blob: 'x'.repeat(FIELD_BYTES) }));
    const event = toBinary(
      TelemetryEventSchema,
      create(TelemetryEventSchema, { type: 'command_executed', tenant, fields }),
    );
    const dropped = (): number => Number(/^arqonbus_telemetry_dropped_total (.+)$/m.exec(parts.metrics.render())?.[1]);
    let published = 0;
    while (dropped() < 200) {
      for (let n = 0; n < 50; n++) parts.spine.publish(evt(tenant, 'command_executed'), event);
      published += 50;
      await turn();
      expect(buffered()).toBeLessThanOrEqual(BOUND);
    }
    socket.resume();
    let came = 0;
    let missed = 0;
    // The last gap has nothing behind it: only the drained buffer can bring it to light.
    while (came + missed < published) {
      const { payload } = JSON.parse((await socket.nextFrame()).payload.toString()) as {
        payload: Record<string, unknown>;
      };
      if (payload['eventType'] === 'system_dropped') missed += Number(payload['count']);
      else came += 1;
    }
    expect([came + missed, missed]).toEqual([published, dropped()]);
    socket.destroy();
    await listener.close();
  },
);

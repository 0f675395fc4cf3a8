import type { SpineStatus } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createTestEnvelopes, decodeTestFrame, payloadOf } from '../session/session-rig.ts';
import { createDeliveryRig } from './delivery-rig.ts';
import { followDiscontinuities } from './discontinuities.ts';

describe('a loss of the Spine', () => {
  it('[SPN-4] is told on live channels once the Spine is back, in one frame a channel and format', async () => {
    const rig = createDeliveryRig();
    const [json, proto] = [rig.connect(), rig.connect({ user: 'grace', format: 'proto' })];
    await rig.join(json, 'live');
    await rig.join(proto, 'live');
    await rig.join(json, 'general');
    const statuses: ((status: SpineStatus) => void)[] = [];
    const published: { readonly topic: string; readonly payload: unknown }[] = [];
    const subscription = followDiscontinuities({
      spine: {
        ...rig.spine,
        onStatus: (listener) => {
          statuses.push(listener);
          return { unsubscribe: () => statuses.pop() };
        },
      },
      channels: rig.channels,
      envelopes: createTestEnvelopes(),
      listener: {
        publish: (topic, frame, isBinary) => {
          published.push({ topic, payload: payloadOf(decodeTestFrame(frame, isBinary ? 'proto' : 'json')) });
        },
      },
    });
    for (const status of ['connected', 'disconnected', 'connected', 'connected'] as const) statuses[0]?.(status);
    // The room's own channel is logged in this rig, as `general` is: their gap is filled from the log.
    const payload = { event: 'discontinuity', room: 'science', channel: 'live', reason: 'spine' };
    expect(published).toEqual([
      { topic: 'j/acme/science:live', payload },
      { topic: 'p/acme/science:live', payload },
    ]);
    subscription.unsubscribe();
    expect(statuses).toEqual([]);
  });
});

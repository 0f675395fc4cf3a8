import { encodeClientFrame, waitUntil } from '@arqonbus/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startRig } from './contract-rig.ts';
import type { ListenerTraits } from './contract-rig.ts';

const frames = fc
  .record({
    opcode: fc.nat(15),
    payload: fc.uint8Array({ maxLength: 200 }),
    fin: fc.boolean(),
    rsv: fc.constantFrom(0, 0, 0, 0, 1, 4),
    mask: fc.constantFrom(true, true, true, false),
    claimedLength: fc.option(fc.integer({ min: 0, max: 2 ** 32 }), { freq: 8, nil: undefined }),
  })
  .map(({ opcode, payload, claimedLength, ...options }) =>
    encodeClientFrame(opcode, payload, claimedLength === undefined ? options : { ...options, claimedLength }),
  );
const bytes = fc.uint8Array({ maxLength: 400 }).map((value) => Buffer.from(value));

/** Bytes that no client would send: P-20. */
export function fuzzContract(traits: ListenerTraits): void {
  describe('hostile bytes', () => {
    it(
      '[PRT-28] P-20: survives any frames and bytes, and closes each connection once',
      { timeout: 60_000 },
      async () => {
        const rig = await startRig(traits, {
          limits: { handshakeTimeoutMs: 30_000 },
          onMessage: (m) => m.connection.send(m.bytes, m.isBinary),
        });
        const attack = fc.array(fc.oneof({ weight: 4, arbitrary: frames }, { weight: 1, arbitrary: bytes }), {
          maxLength: 12,
        });
        await fc.assert(
          fc.asyncProperty(attack, async (chunks) => {
            const { client } = await rig.pair();
            for (const chunk of chunks) {
              client.sendBytes(chunk);
            }
            await new Promise(setImmediate);
            client.destroy();
          }),
          { numRuns: 300 },
        );
        await waitUntil(() => rig.closes.length === rig.opened.length, { what: 'onClose for each onOpen' });
        expect(new Set(rig.closes.map(({ connection }) => connection)).size).toBe(rig.opened.length);
        const { client } = await rig.pair();
        client.sendText('still well');
        expect((await client.nextFrame()).payload.toString()).toBe('still well');
      },
    );
  });
}

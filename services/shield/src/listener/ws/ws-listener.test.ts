import { connect } from 'node:net';
import { opcodes, waitUntil } from '@arqonbus/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanUpRigs, startRig } from '../contract/contract-rig.ts';
import type { ListenerTraits } from '../contract/contract-rig.ts';
import { createTestTlsPair } from '../contract/test-tls-pair.ts';
import { listenerContract } from '../listener.contract.ts';
import { createWsListener } from './ws-listener.ts';

const { continuation, text, ping } = opcodes;
const traits: ListenerTraits = {
  name: 'ws',
  factory: createWsListener,
  tellsViolations: true,
  answersHugeHandshakes: true,
  readsAnyHeaderName: true,
};

listenerContract(traits);
listenerContract({ ...traits, tls: createTestTlsPair(1) });

describe('what only ws enforces', () => {
  cleanUpRigs();

  it('[PRT-28] refuses an unmasked frame with 1002', async () => {
    const rig = await startRig(traits);
    const { client } = await rig.pair();
    client.sendFrame(text, 'bare', { mask: false });
    expect((await client.closed()).code).toBe(1002);
  });

  it('[PRT-28] P-05: takes 64 fragments and refuses 65 with 1008', async () => {
    const rig = await startRig(traits);
    const { client } = await rig.pair();
    const send = (count: number): void => {
      for (let i = 0; i < count; i += 1) {
        client.sendFrame(i === 0 ? text : continuation, 'x', { fin: i === count - 1 });
      }
    };
    send(64);
    await waitUntil(() => rig.messages.length === 1, { what: 'the message' });
    send(65);
    expect((await client.closed()).code).toBe(1008);
    expect(rig.messages).toHaveLength(1);
  });

  it('[PRT-28] P-05: takes exactly the number of fragments that the limit says, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 44 }),
        async (maxFragments, count) => {
          const rig = await startRig(traits, { limits: { maxFragments } });
          const { client } = await rig.pair();
          for (let i = 0; i < count; i += 1)
            client.sendFrame(i === 0 ? text : continuation, `${i % 10}`, { fin: i === count - 1 });
          client.sendText('behind');
          const isTaken = count <= maxFragments;
          const outcome = isTaken
            ? waitUntil(() => rig.messages.length === 2, { what: 'both messages' })
            : client.closed().then(({ code }) => code);
          expect(await outcome).toBe(isTaken ? undefined : 1008);
          expect(rig.messages.map(({ bytes }) => bytes.length)).toEqual(isTaken ? [count, 'behind'.length] : []);
        },
      ),
      {
        numRuns: 25,
        examples: [
          [8, 8],
          [8, 9],
          [1, 1],
          [1, 2],
        ],
      },
    );
  });

  it.each([
    ['fragments that never end', Buffer.of(0x01, 0x81, 0, 0, 0, 0, 0x61)],
    ['a frame that stays short', Buffer.of(0x81, 0x85, 0, 0, 0, 0, 0x61)],
    ['half a header', Buffer.of(0x81)],
  ])('[PRT-28] P-04: closes 1008 on %s, whatever control frames come meanwhile', async (_what, bytes) => {
    const rig = await startRig(traits);
    const { client } = await rig.pair();
    const honest = await rig.pair();
    client.sendText('whole');
    client.sendBytes(bytes);
    if (bytes.length === 7 && bytes[0] === 1) {
      client.sendFrame(ping, '');
    }
    expect((await client.closed()).code).toBe(1008);
    await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
    expect([rig.closes[0]?.code, honest.client.isClosed(), rig.messages.length]).toEqual([1008, false, 1]);
  });

  it('[PRT-28] P-04: lets a busy client go on for longer than the timeout', async () => {
    const rig = await startRig(traits);
    const { client } = await rig.pair();
    const until = performance.now() + 900;
    let messages = 0;
    // Every look of the watch finds this client in the middle of some message.
    client.sendFrame(text, 'a', { fin: false });
    while (performance.now() < until) {
      client.sendFrame(continuation, 'b');
      client.sendFrame(text, 'a', { fin: false });
      messages += 1;
      await waitUntil(() => rig.messages.length === messages, { what: 'the message' });
    }
    expect(client.isClosed()).toBe(false);
  });

  it.each(['', 'GET /v1/socket HTTP/1.1\r\nHost: '])(
    '[PRT-28] P-16: cuts a client that stops at `%s` of its handshake',
    async (start) => {
      const rig = await startRig(traits);
      const socket = connect({ port: rig.port, host: '127.0.0.1' }).resume();
      socket.on('error', () => socket.destroy());
      socket.write(start);
      await waitUntil(() => socket.closed, { what: 'the end of a slow handshake' });
      expect(rig.requests).toEqual([]);
    },
  );
});

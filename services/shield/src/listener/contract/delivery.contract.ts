import { waitUntil } from '@arqonbus/testkit';
import type { RawSocket } from '@arqonbus/testkit';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../listener.ts';
import { startRig } from './contract-rig.ts';
import type { ListenerTraits, Visitor } from './contract-rig.ts';

/** Topics, order and back-pressure: LOG-11, PRT-19 and the adapter facts the Shield builds on. */
export function deliveryContract(traits: ListenerTraits): void {
  describe('topics', () => {
    it('[PRT-16] reaches every subscriber once whatever its path, except the one named', async () => {
      const rig = await startRig(traits);
      const all = [
        await rig.pair({ path: '/' }),
        await rig.pair({ path: '/ws' }),
        await rig.pair({ path: '/v1/socket' }),
        await rig.pair(),
      ];
      const [a, b, c, d] = all;
      for (const member of [a, b, c]) {
        member?.connection.subscribe('room');
        member?.connection.subscribe('room');
      }
      rig.listener.publish('room', Buffer.from('all'), false);
      rig.listener.publish('room', Buffer.from('not a'), true, a?.connection);
      rig.listener.publish('room', Buffer.from('all, d is no member'), false, d?.connection);
      rig.listener.publish('elsewhere', Buffer.from('nobody'), false);
      endAll(all);
      expect(await textsOf(a?.client)).toEqual(['all', 'all, d is no member', 'end']);
      expect(await textsOf(b?.client)).toEqual(['all', 'not a', 'all, d is no member', 'end']);
      expect(await textsOf(c?.client)).toEqual(['all', 'not a', 'all, d is no member', 'end']);
      expect(await textsOf(d?.client)).toEqual(['end']);
    });

    it('[PRT-16] subscribing and unsubscribing work from the next publish on, and lose nothing before it', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      const publish = (topic: string, body: string): void => rig.listener.publish(topic, Buffer.from(body), false);
      publish('t', 'before');
      connection.subscribe('t');
      publish('t', '1');
      connection.unsubscribe('t');
      publish('t', 'between');
      connection.subscribe('t');
      connection.subscribe('u');
      publish('t', '2');
      publish('u', '3');
      connection.unsubscribe('u');
      connection.unsubscribe('t');
      connection.unsubscribe('never joined');
      publish('u', 'after');
      connection.send(Buffer.from('end'), false);
      expect(await textsOf(client)).toEqual(['1', '2', '3', 'end']);
    });

    it('[PRT-19] keeps the order of sends and publishes to one connection, small and large', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      const other = await rig.pair();
      connection.subscribe('t');
      connection.subscribe('u');
      const expected: string[] = [];
      for (let i = 0; i < 600; i += 1) {
        // 20 KB passes the engine's own buffer of 16 KiB, 300 small ones its queue of 32.
        const body = `${i} `.padEnd(i % 50 === 0 ? 20_000 : 40, '.');
        expected.push(body);
        if (i % 3 === 0) {
          connection.send(Buffer.from(body), false);
        } else if (i % 7 === 0) {
          rig.listener.publish('u', Buffer.from(body), false, other.connection);
        } else {
          rig.listener.publish('t', Buffer.from(body), false);
        }
      }
      connection.send(Buffer.from('end'), false);
      expect(await textsOf(client)).toEqual([...expected, 'end']);
    });

    it('[PRT-19] keeps that order when turns, message handlers and other writers mix', async () => {
      const sent: string[] = [];
      const rig = await startRig(traits, {
        onMessage: (message) => {
          const body = message.bytes.toString();
          sent.push(`p ${body}`, `s ${body}`);
          rig.listener.publish('t', Buffer.from(`p ${body}`), false);
          rig.opened[0]?.send(Buffer.from(`s ${body}`), false);
        },
      });
      const { client, connection } = await rig.pair();
      connection.subscribe('t');
      const writers = [await rig.pair(), await rig.pair()];
      for (let i = 0; i < 200; i += 1) {
        writers[i % 2]?.client.sendText(`${i}`);
        client.sendText(`own ${i}`);
        if (i % 20 === 0) {
          await waitUntil(() => rig.messages.length === 2 * i + 2, { what: 'the messages so far' });
        }
      }
      await waitUntil(() => rig.messages.length === 400, { what: 'all messages' });
      connection.send(Buffer.from('end'), false);
      expect(await textsOf(client)).toEqual([...sent, 'end']);
    });

    it('[PRT-19] batches sends at once and in order, and outlives a goodbye or a cut inside', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      connection.subscribe('t');
      const sizes = Array.from({ length: 200 }, (_, i) => (i % 40 === 0 ? 20_000 : 300) + i);
      rig.listener.publish('t', Buffer.alloc(7), false);
      connection.batch(() => {
        for (const size of sizes) {
          connection.send(Buffer.alloc(size), true);
        }
        connection.close(4401, 'token');
      });
      for (const size of [7, ...sizes]) {
        expect((await client.nextFrame()).payload.length).toBe(size);
      }
      expect(await client.closed()).toEqual({ code: 4401, reason: 'token' });
      const other = await rig.pair();
      other.connection.batch(() => {
        other.connection.send(Buffer.alloc(9), true);
        other.connection.terminate();
      });
      expect((await other.client.closed()).code).toBe(1006);
      let isCalled = false;
      other.connection.batch(() => {
        isCalled = true;
      });
      expect(isCalled).toBe(true);
      await waitUntil(() => rig.closes.length === 2, { what: 'onClose of both' });
    });

    it('[PRT-16] copies the bytes, so that the caller may reuse its buffer', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      connection.subscribe('t');
      const buffer = Buffer.from('first');
      connection.send(buffer, false);
      buffer.write('again');
      rig.listener.publish('t', buffer, false);
      buffer.fill('x');
      connection.send(Buffer.from('end'), false);
      expect(await textsOf(client)).toEqual(['first', 'again', 'end']);
    });
  });

  describe('back-pressure', () => {
    it(
      '[LOG-11] never drops: a stuck reader piles up, others go on, and after it reads on all comes in order',
      { timeout: 30_000 },
      async () => {
        const rig = await startRig(traits);
        const slow = await rig.pair();
        const quick = await rig.pair();
        slow.connection.subscribe('t');
        quick.connection.subscribe('t');
        slow.client.pause();
        const total = 600;
        for (let i = 0; i < total; i += 1) {
          const frame = Buffer.alloc(60_000, i % 256);
          frame.writeUInt32BE(i, 0);
          if (i % 2 === 0) {
            rig.listener.publish('t', frame, true);
          } else {
            slow.connection.send(frame, true);
          }
        }
        await waitUntil(() => slow.connection.bufferedAmount() > 8_000_000, { what: 'megabytes of backlog' });
        await expectNumbers(
          quick.client,
          Array.from({ length: total / 2 }, (_, i) => 2 * i),
        );
        expect(slow.connection.bufferedAmount()).toBeGreaterThan(8_000_000);
        expect(rig.drains).not.toContain(slow.connection);
        slow.client.resume();
        await expectNumbers(
          slow.client,
          Array.from({ length: total }, (_, i) => i),
        );
        await waitUntil(() => slow.connection.bufferedAmount() === 0, { what: 'an empty buffer' });
        expect(rig.drains).toContain(slow.connection);
      },
    );

    it(
      '[LOG-11] a connection taken out of its topics while stuck gets what was published before, and no more',
      { timeout: 30_000 },
      async () => {
        const rig = await startRig(traits);
        const { client, connection } = await rig.pair();
        connection.subscribe('t');
        client.pause();
        const publish = (i: number): void => {
          const frame = Buffer.alloc(10_000);
          frame.writeUInt32BE(i, 0);
          rig.listener.publish('t', frame, true);
        };
        for (let i = 0; i < 2_000; i += 1) {
          publish(i);
        }
        connection.unsubscribe('t');
        publish(9_999);
        await waitUntil(() => connection.bufferedAmount() > 1_000_000, { what: 'backlog' });
        publish(9_998);
        client.resume();
        await expectNumbers(
          client,
          Array.from({ length: 2_000 }, (_, i) => i),
        );
        connection.send(Buffer.of(0, 0, 0x30, 0x39), true);
        await expectNumbers(client, [0x3039]);
      },
    );
  });
}

function endAll(pairs: readonly { readonly connection: Connection<Visitor> }[]): void {
  for (const { connection } of pairs) {
    connection.send(Buffer.from('end'), false);
  }
}

/** Payloads up to and with `end`. */
async function textsOf(client: RawSocket | undefined): Promise<string[]> {
  const texts: string[] = [];
  while (client !== undefined && texts.at(-1) !== 'end') {
    texts.push((await client.nextFrame()).payload.toString());
  }
  return texts;
}

async function expectNumbers(client: RawSocket, numbers: readonly number[]): Promise<void> {
  const seen: number[] = [];
  while (seen.length < numbers.length) {
    const { payload } = await client.nextFrame();
    seen.push(payload.readUInt32BE(0));
    expect(payload.subarray(5).every((byte) => byte === payload[4])).toBe(true);
  }
  expect(seen).toEqual(numbers);
}

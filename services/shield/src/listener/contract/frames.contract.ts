import { closePayload, encodeClientFrame, opcodes, waitUntil } from '@arqonbus/testkit';
import type { RawSocket } from '@arqonbus/testkit';
import { describe, expect, it } from 'vitest';
import { expectClosedFor, startRig } from './contract-rig.ts';
import type { ListenerTraits } from './contract-rig.ts';

const { continuation, text, binary, close, ping, pong } = opcodes;

/** Frames in and out, control frames, violations: PRT-9 (mechanics), PRT-24, PRT-28, P-01 to P-06, P-11, P-17, P-18. */
export function framesContract(traits: ListenerTraits): void {
  /** Such an engine answers close frames it does not like as if they were empty. */
  const expectMalformedClose = async (client: RawSocket, code: number): Promise<void> => {
    const { code: seen, reason } = await client.closed();
    expect(traits.tellsViolations ? [code] : [code, 1005, 1006]).toContain(seen);
    expect(traits.tellsViolations ? '' : reason).toBe('');
  };

  describe('messages', () => {
    it.each([0, 1, 125, 126, 127, 65_535, 65_536])(
      '[PRT-28] P-01: carries %i bytes both ways as text and as binary',
      async (size) => {
        const rig = await startRig(traits, { onMessage: (m) => m.connection.send(m.bytes, m.isBinary) });
        const { client } = await rig.pair();
        const body = Buffer.alloc(size, 'arqon ');
        for (const opcode of [text, binary]) {
          client.sendFrame(opcode, body);
          const frame = await client.nextFrame();
          expect([frame.opcode, frame.fin, frame.rsv, frame.payload.equals(body)]).toEqual([opcode, true, 0, true]);
        }
      },
    );

    it('[PRT-28] P-03 R-35: puts fragments together around control frames, in any cut of the bytes', async () => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      const parts = ['{"text":"Grü', 'ße an 世', '界"}'].map((part) => Buffer.from(part));
      const bytes = Buffer.concat([
        encodeClientFrame(text, Buffer.from('{"n":1}')),
        encodeClientFrame(text, parts[0] ?? Buffer.alloc(0), { fin: false }),
        encodeClientFrame(ping, Buffer.from('between')),
        encodeClientFrame(continuation, parts[1] ?? Buffer.alloc(0), { fin: false }),
        encodeClientFrame(continuation, Buffer.alloc(0), { fin: false }),
        encodeClientFrame(continuation, parts[2] ?? Buffer.alloc(0)),
        encodeClientFrame(binary, Buffer.of(0, 255, 0)),
      ]);
      for (const cut of [bytes.length, 1, 7]) {
        for (let at = 0; at < bytes.length; at += cut) {
          client.sendBytes(bytes.subarray(at, at + cut));
        }
        const answer = await client.next((frame) => frame.opcode === pong);
        expect(answer.payload.toString()).toBe('between');
      }
      await waitUntil(() => rig.messages.length === 9, { what: 'nine messages' });
      const seen = rig.messages.map((m) => (m.isBinary ? m.bytes.toString('hex') : m.bytes.toString()));
      expect(seen.slice(6)).toEqual(['{"n":1}', '{"text":"Grüße an 世界"}', '00ff00']);
      expect(seen.slice(0, 3)).toEqual(seen.slice(6));
    });

    it('[PRT-28] takes a character cut in two by fragments', async () => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      const euro = Buffer.from('€');
      client.sendFrame(text, euro.subarray(0, 1), { fin: false });
      client.sendFrame(continuation, euro.subarray(1));
      await waitUntil(() => rig.messages.length === 1, { what: 'the message' });
      expect(rig.messages[0]?.bytes.toString()).toBe('€');
    });
  });

  describe('control frames', () => {
    it.each([0, 1, 124, 125])(
      '[PRT-5] P-11: answers a ping of %i bytes with the same bytes and tells of it',
      async (size) => {
        const rig = await startRig(traits);
        const { client, connection } = await rig.pair();
        const body = Buffer.alloc(size, 'x');
        client.sendFrame(ping, body);
        const frame = await client.nextFrame();
        expect([frame.opcode, frame.payload.equals(body)]).toEqual([pong, true]);
        expect(rig.controls).toEqual([connection]);
      },
    );

    it('[PRT-5] pings, and tells of pongs, asked for or not', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      client.sendFrame(pong, 'unasked');
      connection.ping();
      const frame = await client.nextFrame();
      client.sendFrame(pong, frame.payload);
      await waitUntil(() => rig.controls.length === 2, { what: 'two pongs' });
      expect([frame.opcode, frame.payload.length, rig.messages.length]).toEqual([ping, 0, 0]);
    });

    it.each([
      ['a ping over 125 bytes', ping, Buffer.alloc(126), {}],
      ['a fragmented ping', ping, Buffer.alloc(1), { fin: false }],
      ['a close over 125 bytes', close, closePayload(1000, 'r'.repeat(124)), {}],
    ])('[PRT-28] P-11: refuses %s with 1002', async (_what, opcode, payload, options) => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.sendFrame(opcode, payload, options);
      await expectClosedFor(client, traits, 1002);
      expect(rig.controls).toEqual([]);
    });

    it('[PRT-28] P-17: tells of each ping of a flood, and stops at once when told to', async () => {
      const rig = await startRig(traits, {
        onControl: (connection) => {
          if (rig.controls.length > 30) {
            connection.close(1008, 'control frames');
          }
        },
      });
      const { client } = await rig.pair();
      client.sendBytes(Buffer.concat(Array.from({ length: 5_000 }, () => encodeClientFrame(ping, Buffer.alloc(0)))));
      expect((await client.closed()).code).toBe(1008);
      expect(rig.controls).toHaveLength(31);
    });
  });

  describe('closing handshake', () => {
    it.each([1000, 1001, 1002, 1003, 1007, 1011, 4000, 4999])(
      '[PRT-28] P-11: echoes close code %i and tells it',
      async (code) => {
        const rig = await startRig(traits);
        const { client } = await rig.pair();
        client.sendClose(code, 'bye – ciao');
        expect((await client.closed()).code).toBe(code);
        await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
        expect(rig.closes[0]?.code).toBe(code);
      },
    );

    it('[PRT-28] P-11: ends on a close code of a library (3000)', async () => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.sendClose(3000);
      await expectMalformedClose(client, 3000);
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
    });

    it('[PRT-28] P-11: answers an empty close frame, seen as 1005', async () => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.sendFrame(close, Buffer.alloc(0));
      expect([1000, 1005]).toContain((await client.closed()).code);
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.closes[0]?.code).toBe(1005);
    });

    it.each([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])(
      '[PRT-28] P-11: refuses close code %i with 1002',
      async (code) => {
        const rig = await startRig(traits);
        const { client } = await rig.pair();
        client.sendClose(code);
        await expectMalformedClose(client, 1002);
        await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      },
    );

    it('[PRT-28] P-11: refuses a close of one byte and one with bad UTF-8', async () => {
      const rig = await startRig(traits);
      const short = await rig.pair();
      short.client.sendFrame(close, Buffer.of(3));
      await expectMalformedClose(short.client, 1002);
      const bad = await rig.pair();
      bad.client.sendClose(1000, Buffer.of(0xff, 0xfe));
      await expectMalformedClose(bad.client, 1007);
    });

    it('[PRT-28] hears nothing after the close frame of a client', async () => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.sendBytes(
        Buffer.concat([encodeClientFrame(close, closePayload(1000)), encodeClientFrame(text, Buffer.from('late'))]),
      );
      await client.closed();
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.messages).toEqual([]);
    });
  });

  describe('violations', () => {
    it.each([
      ['RSV1 without compression', text, { rsv: 4 }, 1002],
      ['RSV2', text, { rsv: 2 }, 1002],
      ['RSV3', binary, { rsv: 1 }, 1002],
      ['opcode 3', 3, {}, 1002],
      ['opcode 7', 7, {}, 1002],
      ['opcode 11', 11, {}, 1002],
      ['opcode 15', 15, {}, 1002],
      ['a continuation of nothing', continuation, {}, 1002],
    ])('[PRT-28] P-01: refuses %s', async (_what, opcode, options, code) => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.sendFrame(opcode, 'payload', options);
      await expectClosedFor(client, traits, code);
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.messages).toEqual([]);
    });

    it('[PRT-28] P-01: refuses a new message inside a fragmented one', async () => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.sendFrame(text, 'a', { fin: false });
      client.sendFrame(text, 'b');
      await expectClosedFor(client, traits, 1002);
      expect(rig.messages).toEqual([]);
    });

    it.each([
      ['a stray byte', Buffer.of(0x61, 0x80, 0x62)],
      ['an overlong slash', Buffer.of(0xc0, 0xaf)],
      ['a surrogate', Buffer.of(0xed, 0xa0, 0x80)],
      ['beyond U+10FFFF', Buffer.of(0xf4, 0x90, 0x80, 0x80)],
      ['a cut character', Buffer.of(0xe2, 0x82)],
    ])('[PRT-28] P-18: refuses text with %s, whole and in fragments', async (_what, payload) => {
      const rig = await startRig(traits);
      const whole = await rig.pair();
      whole.client.sendFrame(text, payload);
      await expectClosedFor(whole.client, traits, 1007);
      const cut = await rig.pair();
      cut.client.sendFrame(text, payload.subarray(0, 1), { fin: false });
      cut.client.sendFrame(continuation, payload.subarray(1));
      await expectClosedFor(cut.client, traits, 1007);
      expect(rig.messages).toEqual([]);
    });

    it.each([65_537, 2 ** 30, 2 ** 40])(
      '[PRT-28] P-02: refuses a frame by its claim of %i bytes, before they come',
      async (claimedLength) => {
        const rig = await startRig(traits);
        const { client } = await rig.pair();
        client.sendFrame(binary, Buffer.alloc(16), { claimedLength });
        await expectClosedFor(client, traits, 1009);
        expect(rig.messages).toEqual([]);
      },
    );

    it('[PRT-28] P-02: refuses fragments that add up to more than a frame may have', async () => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.sendFrame(binary, Buffer.alloc(40_000), { fin: false });
      client.sendFrame(continuation, Buffer.alloc(40_000));
      await expectClosedFor(client, traits, 1009);
      expect(rig.messages).toEqual([]);
    });
  });

  describe('compression', () => {
    const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };

    it('[PRT-24] P-06: is not negotiated by default, whatever is offered', async () => {
      const rig = await startRig(traits);
      for (const extensions of [...Object.values(offer), 'permessage-deflate; server_max_window_bits=99', ';;,']) {
        const client = await rig.connect({ headers: { 'Sec-WebSocket-Extensions': extensions } });
        expect([client.status, 'sec-websocket-extensions' in client.headers]).toEqual([101, false]);
      }
    });

    it('[PRT-24] where on, compresses from 512 bytes up, sent and published, in order with the rest', async () => {
      const rig = await startRig(traits, { limits: { compression: true } });
      const { client, connection } = await rig.pair({ headers: offer });
      const plain = await rig.pair();
      expect(client.headers['sec-websocket-extensions']).toContain('permessage-deflate');
      for (const c of [connection, plain.connection]) {
        c.subscribe('t');
      }
      connection.send(Buffer.alloc(511, 's'), false);
      connection.send(Buffer.alloc(512, 'm'), false);
      rig.listener.publish('t', Buffer.alloc(4_000, 'l'), false);
      rig.listener.publish('t', Buffer.from('small'), false);
      const frames = [
        await client.nextFrame(),
        await client.nextFrame(),
        await client.nextFrame(),
        await client.nextFrame(),
      ];
      expect(frames.map((frame) => frame.rsv)).toEqual([0, 4, 4, 0]);
      expect([frames[0]?.payload.length, frames[3]?.payload.toString()]).toEqual([511, 'small']);
      const other = [await plain.client.nextFrame(), await plain.client.nextFrame()];
      expect(other.map((frame) => [frame.rsv, frame.payload.length])).toEqual([
        [0, 4_000],
        [0, 5],
      ]);
    });
  });
}

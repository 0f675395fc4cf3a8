import { connect } from 'node:net';
import { handshakeText, waitUntil } from '@arqonbus/testkit';
import { describe, expect, it } from 'vitest';
import { jsonRefusal, refusalHeaders } from '../http-refusal.ts';
import type { UpgradeDecision } from '../listener.ts';
import { startRig } from './contract-rig.ts';
import type { ListenerTraits, Visitor } from './contract-rig.ts';

const notFound = { error: 'There is no such address.', error_code: 'NOT_FOUND', details: {} };

/** Handshakes, refusals, addresses, subprotocols: PRT-1, PRT-2, P-13, P-15, P-16. */
export function handshakeContract(traits: ListenerTraits): void {
  describe('handshake', () => {
    it.each(['/v1/socket', '/ws', '/', '/ws?token=a%20b&room=x'])('[PRT-1] upgrades at %s', async (path) => {
      const rig = await startRig(traits);
      const { connection } = await rig.pair({
        path,
        headers: { Origin: 'https://app.example.org', Authorization: 'Bearer e30.e30.c2ln' },
      });
      expect(rig.requests).toEqual([
        {
          path: path.split('?')[0],
          query: path.split('?')[1] ?? '',
          origin: 'https://app.example.org',
          authorization: 'Bearer e30.e30.c2ln',
          forwardedFor: '',
          remoteAddress: '127.0.0.1',
          protocols: [],
        },
      ]);
      expect(connection.remoteAddress).toBe('127.0.0.1');
    });

    it.each(['/v1/socket/', '/v1/sockets', '/ws/..', '/%77s', '/admin', '/v1/socket%00'])(
      '[PRT-1] answers 404 with JSON at %s',
      async (path) => {
        const rig = await startRig(traits);
        for (const headers of [{}, { Upgrade: undefined, Connection: 'close' }]) {
          const client = await rig.connect({ path, headers });
          expect([client.status, client.headers['content-type'], JSON.parse(client.body)]).toEqual([
            404,
            'application/json',
            notFound,
          ]);
          await client.closed();
        }
        expect(rig.requests).toEqual([]);
      },
    );

    it('[PRT-1] answers 426 with JSON to a plain GET on an upgrade path', async () => {
      const rig = await startRig(traits);
      for (const path of ['/v1/socket', '/ws', '/']) {
        const client = await rig.connect({
          path,
          headers: { Upgrade: undefined, Connection: 'close', 'Sec-WebSocket-Key': undefined },
        });
        expect([client.status, client.headers['upgrade'], JSON.parse(client.body).error_code]).toEqual([
          426,
          'websocket',
          'VALIDATION_ERROR',
        ]);
      }
      const half = await rig.connect({ headers: { Upgrade: 'h2c' } });
      expect(half.status).toBe(426);
      expect(rig.requests).toEqual([]);
    });

    it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('[PRT-1] does not upgrade a %s', async (method) => {
      const rig = await startRig(traits);
      const client = await rig.connect({ method });
      expect(client.status).toBe(404);
      expect(rig.requests).toEqual([]);
    });

    it.each([
      ['missing', undefined],
      ['empty', ''],
      ['short', 'dGhlIHNhbXBsZQ=='],
      ['not base64', '!!!!!!!!!!!!!!!!!!!!!!=='],
      ['twice', 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=='],
    ])('[PRT-1] P-13: refuses a key that is %s', async (_what, key) => {
      const rig = await startRig(traits);
      const client = await rig.connect({ headers: { 'Sec-WebSocket-Key': key } });
      expect([client.status, JSON.parse(client.body).error_code]).toEqual([400, 'VALIDATION_ERROR']);
      expect(rig.requests).toEqual([]);
    });

    it.each([undefined, '8', '0', '14', '13, 8'])('[PRT-1] P-13: refuses version %s and names 13', async (version) => {
      const rig = await startRig(traits);
      const client = await rig.connect({ headers: { 'Sec-WebSocket-Version': version } });
      expect([client.status, client.headers['sec-websocket-version']]).toEqual([426, '13']);
      expect(rig.requests).toEqual([]);
    });

    it('[PRT-1] P-13: takes 40 headers and bounds their bytes', async () => {
      const rig = await startRig(traits);
      const many = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`X-Header-${i}`, `value ${i}`]));
      expect((await rig.connect({ headers: many })).status).toBe(101);
      const large = await rig.connect({ headers: { Cookie: 'c'.repeat(9_000) } });
      const tooMany = await rig.connect({
        headers: Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`X-${i}`, 'v'])),
      });
      for (const client of [large, tooMany]) {
        expect(traits.answersHugeHandshakes ? [431] : [431, 0]).toContain(client.status);
        await client.closed();
      }
      expect(rig.requests).toHaveLength(1);
    });

    it('[PRT-1] P-13: takes a handshake that comes in pieces', async () => {
      const rig = await startRig(traits);
      const text = handshakeText({}, 'dGhlIHNhbXBsZSBub25jZQ==');
      const socket = await rig.open();
      for (const piece of text.match(/[^]{1,40}/g) ?? []) {
        await new Promise<void>((resolve) => socket.write(piece, () => setImmediate(resolve)));
      }
      await waitUntil(() => rig.opened.length === 1, { what: 'onOpen' });
      socket.destroy();
    });
  });

  describe('subprotocols', () => {
    it('[PRT-1] shows the offers in order and echoes only the chosen one', async () => {
      const rig = await startRig(traits, {
        onUpgrade: () => ({ accept: true, protocol: 'arqon.v1.proto', data: { name: 'a' } }),
      });
      const protocols = ['arqon.v1.json', 'arqon.v1.proto', 'bearer.eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln-_'];
      const client = await rig.connect({ protocols });
      expect(client.headers['sec-websocket-protocol']).toBe('arqon.v1.proto');
      expect(rig.requests[0]?.protocols).toEqual(protocols);
    });

    it('[PRT-2] echoes none where none is chosen', async () => {
      const rig = await startRig(traits);
      const client = await rig.connect({ protocols: ['bearer.secret'] });
      expect([client.status, 'sec-websocket-protocol' in client.headers]).toEqual([101, false]);
    });

    it.each(['a,,b', ',a', 'a,', 'a b', 'a, a', 'a;b', 'a, "b"', 'a, bäc'])(
      '[PRT-1] P-13: refuses the malformed list `%s`',
      async (list) => {
        const rig = await startRig(traits);
        const client = await rig.connect({ headers: { 'Sec-WebSocket-Protocol': list } });
        expect(client.status).toBe(400);
        expect(rig.requests).toEqual([]);
      },
    );

    it.each([
      ['X-0-Plain', true],
      ['X_Under', traits.readsAnyHeaderName],
      ['X.Dot~!', traits.readsAnyHeaderName],
      ['X Blank', false],
      ['X-Bl\u00e4nk', false],
    ])('[PRT-28] P-14: takes a handshake with the header %s wholly, or nothing of it', async (name, isRead) => {
      const rig = await startRig(traits);
      const odd = await rig.open();
      let answer = '';
      odd.on('error', () => undefined).on('data', (bytes: Buffer) => void (answer += bytes.toString()));
      odd.write(handshakeText({ path: '/ws', headers: { [name]: '1' } }, 'dGhlIHNhbXBsZSBub25jZQ=='));
      if (isRead) await waitUntil(() => answer !== '', { what: 'an answer' });
      // It is nothing to anybody else, answered or not.
      expect((await rig.connect()).status).toBe(101);
      expect(rig.requests.map(({ path }) => path)).toEqual(isRead ? ['/ws', '/v1/socket'] : ['/v1/socket']);
      expect(answer.split('\r\n')[0]).toMatch(isRead ? /^HTTP\/1\.1 101 / : /^$|^HTTP\/1\.1 400 /);
      odd.destroy();
    });

    it('[PRT-1] P-13: refuses a list of blanks in linear time', async () => {
      const rig = await startRig(traits);
      const start = performance.now();
      for (let i = 0; i < 20; i += 1) {
        const client = await rig.connect({ headers: { 'Sec-WebSocket-Protocol': `b${' '.repeat(6_000)}x` } });
        expect(client.status).toBe(400);
      }
      expect(performance.now() - start).toBeLessThan(2_000);
    });
  });

  describe('decisions', () => {
    const refusal = jsonRefusal(503, 'UNAVAILABLE', 'Draining; try “another” node.', { 'retry-after': '7' });

    it.each([
      ['at once', () => refusal],
      ['later', () => new Promise<UpgradeDecision<Visitor>>((resolve) => setImmediate(() => resolve(refusal)))],
    ])('[PRT-2] refuses %s with status text, headers and JSON body', async (_when, onUpgrade) => {
      const rig = await startRig(traits, { onUpgrade });
      const client = await rig.connect();
      expect([client.status, client.statusText]).toEqual([503, 'Service Unavailable']);
      expect(client.headers).toMatchObject({ ...refusalHeaders, 'retry-after': '7' });
      expect(client.body).toBe(refusal.body);
      await client.closed();
      expect(rig.opened).toEqual([]);
    });

    it('[PRT-2] answers 500 where the decision fails, without its text', async () => {
      const rig = await startRig(traits, { onUpgrade: () => Promise.reject(new Error('secret detail')) });
      const client = await rig.connect();
      expect([client.status, JSON.parse(client.body).error_code, client.body.includes('secret')]).toEqual([
        500,
        'INTERNAL_ERROR',
        false,
      ]);
    });

    it('[PRT-2] upgrades, speaks and closes in onOpen', async () => {
      const rig = await startRig(traits, {
        onOpen: (connection) => {
          connection.send(Buffer.from('{"type":"error"}'), false);
          connection.close(4401, 'token');
          connection.send(Buffer.from('too late'), false);
        },
      });
      const client = await rig.connect();
      expect((await client.nextFrame()).payload.toString()).toBe('{"type":"error"}');
      expect(await client.closed()).toEqual({ code: 4401, reason: 'token' });
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.closes[0]?.code).toBe(4401);
    });

    it('[PRT-1] upgrades later, and frames sent meanwhile are not lost', async () => {
      let accept: () => void = () => undefined;
      const rig = await startRig(traits, {
        onUpgrade: () =>
          new Promise((resolve) => {
            accept = () => resolve({ accept: true, protocol: '', data: { name: 'later' } });
          }),
      });
      const connecting = rig.connect();
      await waitUntil(() => rig.requests.length === 1, { what: 'onUpgrade' });
      accept();
      const client = await connecting;
      client.sendText('hello');
      await waitUntil(() => rig.messages.length === 1, { what: 'the message' });
      expect(rig.messages[0]?.connection.data).toEqual({ name: 'later' });
    });

    // The handshakes of so many clients by hand are plain TCP; what they leave behind is the same over TLS.
    const counts = traits.tls === undefined ? [10_000] : [];
    it.each(counts)(
      '[ARC-8] P-15: survives %d clients that leave during the decision',
      { timeout: 60_000 },
      async (count) => {
        const waiting: ((decision: UpgradeDecision<Visitor>) => void)[] = [];
        const rig = await startRig(traits, {
          limits: { handshakeTimeoutMs: 30_000 },
          onUpgrade: () => new Promise((resolve) => waiting.push(resolve)),
        });
        const text = handshakeText({}, 'dGhlIHNhbXBsZSBub25jZQ==');
        for (let round = 0; round < count / 200; round += 1) {
          const sockets = Array.from({ length: 200 }, () => connect({ port: rig.port, host: '127.0.0.1' }));
          for (const socket of sockets) {
            socket.on('error', () => socket.destroy());
            socket.write(text);
          }
          await waitUntil(() => waiting.length === 200, { what: '200 pending decisions' });
          for (const [i, socket] of sockets.entries()) {
            void (i % 2 === 0 ? socket.resetAndDestroy() : socket.destroy());
          }
          await waitUntil(() => sockets.every((socket) => socket.closed), { what: 'the clients to be gone' });
          for (const [i, decide] of waiting.splice(0).entries()) {
            decide(
              i % 3 === 0 ? jsonRefusal(403, 'BANNED', 'no') : { accept: true, protocol: '', data: { name: 'gone' } },
            );
          }
        }
        await waitUntil(() => rig.closes.length === rig.opened.length, { what: 'onClose for each onOpen' });
        expect(rig.requests).toHaveLength(count);
        const connecting = rig.connect();
        await waitUntil(() => waiting.length === 1, { what: 'one more decision' });
        waiting[0]?.({ accept: true, protocol: '', data: { name: 'here' } });
        expect((await connecting).status).toBe(101);
      },
    );
  });

  describe('addresses', () => {
    it('[PRT-27] shows IPv4 peers of a dual-stack port as IPv4, IPv6 in short form, and X-Forwarded-For as it came', async () => {
      const rig = await startRig(traits, { host: '::' });
      const headers = { 'X-Forwarded-For': '203.0.113.7, 2001:db8::1' };
      const four = await rig.pair({ host: '127.0.0.1', headers });
      const six = await rig.pair({ host: '::1' });
      expect([four.connection.remoteAddress, six.connection.remoteAddress]).toEqual(['127.0.0.1', '::1']);
      expect(rig.requests[0]?.forwardedFor).toBe('203.0.113.7, 2001:db8::1');
    });
  });
}

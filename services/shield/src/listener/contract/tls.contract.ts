import { connect } from 'node:net';
import type { TlsPair } from '@arqonbus/config';
import { opcodes, waitUntil } from '@arqonbus/testkit';
import type { RawSocket } from '@arqonbus/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { startRig } from './contract-rig.ts';
import type { ListenerTraits, Rig } from './contract-rig.ts';
import { createTestTlsPair } from './test-tls-pair.ts';

/** What holds of a listener that ends TLS beyond everything that holds of one that does not (AUT-6). */
export function tlsContract(traits: ListenerTraits): void {
  describe('TLS', () => {
    let renewed: TlsPair;
    beforeAll(() => {
      renewed = createTestTlsPair(99);
    });

    /** Waits until a new connection is served with the renewed certificate. */
    const renew = async (rig: Rig): Promise<RawSocket> => {
      rig.listener.renewTls(renewed);
      // In the turn after the next the engines have changed over.
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      const { client } = await rig.pair({ tls: { ca: renewed.cert } });
      return client;
    };

    it.each(['TLSv1.2', 'TLSv1.3'] as const)('[AUT-6] speaks %s', async (maxVersion) => {
      const rig = await startRig(traits);
      const ca = traits.tls?.cert;
      const { client } = await rig.pair({ tls: { ...(ca === undefined ? {} : { ca }), maxVersion } });
      client.sendText('hello');
      await waitUntil(() => rig.messages.length === 1, { what: 'the message' });
      expect(client.certificateSerial).toBe(traits.tls?.serialNumber);
    });

    it('[AUT-6] refuses TLS 1.1', async () => {
      const rig = await startRig(traits);
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      await expect(rig.connect({ tls: { ca: renewed.cert, ...old } })).rejects.toThrow(/protocol version/i);
      expect(rig.requests).toEqual([]);
    });

    it('[AUT-6] serves nobody who does not speak TLS, and lives on', async () => {
      const rig = await startRig(traits);
      const plain = connect({ port: rig.port, host: '127.0.0.1' });
      const heard: Buffer[] = [];
      plain.on('data', (bytes) => heard.push(bytes)).on('error', () => plain.destroy());
      plain.write('GET /v1/socket HTTP/1.1\r\nHost: bus.example.org\r\n\r\n');
      await waitUntil(() => plain.closed, { what: 'the end of a plain connection' });
      expect(Buffer.concat(heard).toString('latin1')).not.toContain('HTTP/1.1 101');
      expect(rig.requests).toEqual([]);
      await rig.pair();
    });

    it('[AUT-6] serves a renewed certificate to new connections, while the old ones go on', async () => {
      const rig = await startRig(traits);
      const old = await rig.pair();
      old.connection.subscribe('t');
      const client = await renew(rig);
      expect([old.client.certificateSerial, client.certificateSerial]).toEqual([
        traits.tls?.serialNumber,
        renewed.serialNumber,
      ]);
      rig.opened.at(-1)?.subscribe('t');
      rig.listener.publish('t', Buffer.from('to both'), false);
      for (const reader of [old.client, client]) {
        expect((await reader.next(({ opcode }) => opcode === opcodes.text)).payload.toString()).toBe('to both');
      }
      old.client.sendText('still here');
      await waitUntil(() => rig.messages.length === 1, { what: 'the message of the old connection' });
      expect(old.client.isClosed()).toBe(false);
    });

    it('[AUT-6] publishes to all but one, whichever certificate that one came with', async () => {
      const rig = await startRig(traits);
      const old = await rig.pair();
      const client = await renew(rig);
      const fresh = rig.opened.at(-1);
      for (const connection of rig.opened) connection.subscribe('t');
      rig.listener.publish('t', Buffer.from('not for the old one'), false, old.connection);
      rig.listener.publish('t', Buffer.from('not for the new one'), false, fresh);
      rig.listener.publish('t', Buffer.from('end'), false);
      for (const [reader, text] of [
        [old.client, 'not for the new one'],
        [client, 'not for the old one'],
      ] as const) {
        expect((await reader.nextFrame()).payload.toString()).toBe(text);
        expect((await reader.nextFrame()).payload.toString()).toBe('end');
      }
    });

    it('[AUT-6] ends the connections of every certificate when it closes', async () => {
      const rig = await startRig(traits);
      const old = await rig.pair();
      const client = await renew(rig);
      await rig.listener.close();
      expect(rig.closes.map(({ code }) => code)).toEqual([1006, 1006]);
      await Promise.all([old.client.closed(), client.closed()]);
    });

    it('[AUT-6] closes while somebody has not finished a TLS handshake', async () => {
      const rig = await startRig(traits);
      const silent = connect({ port: rig.port, host: '127.0.0.1' }).resume();
      silent.on('error', () => silent.destroy());
      await new Promise((resolve) => silent.once('connect', resolve));
      await rig.pair();
      await rig.listener.close();
      await waitUntil(() => silent.closed, { what: 'the end of a silent connection' });
    });

    it('[AUT-6] keeps the certificate in use where the new one is refused', async () => {
      const rig = await startRig(traits);
      const broken = { ...renewed, certFile: '/nonexistent', cert: Buffer.from('garbage') };
      expect(() => rig.listener.renewTls(broken)).toThrow('refuses the certificate');
      const { client } = await rig.pair();
      expect(client.certificateSerial).toBe(traits.tls?.serialNumber);
    });
  });
}

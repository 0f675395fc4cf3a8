import { once } from 'node:events';
import { connect } from 'node:net';
import { BusError } from '@arqonbus/protocol';
import { freePort, waitUntil } from '@arqonbus/testkit';
import { describe, expect, it } from 'vitest';
import type { Connection, ListenerHandlers, UpgradeDecision } from '../listener.ts';
import { contractLimits, startRig } from './contract-rig.ts';
import type { ListenerTraits, Rig, Visitor } from './contract-rig.ts';

/** Goodbyes, cuts, start and stop. */
export function lifecycleContract(traits: ListenerTraits): void {
  describe('goodbye', () => {
    it('[PRT-23] sends what is queued, then the close frame, and tells the code once', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      connection.subscribe('t');
      connection.send(Buffer.from('sent'), false);
      rig.listener.publish('t', Buffer.from('published'), false);
      connection.close(4403, 'disconnected by an operator');
      expect(rig.closes).toEqual([]);
      connection.close(4400, 'again');
      rig.listener.publish('t', Buffer.from('after'), false);
      expect((await client.nextFrame()).payload.toString()).toBe('sent');
      expect((await client.nextFrame()).payload.toString()).toBe('published');
      expect(await client.closed()).toEqual({ code: 4403, reason: 'disconnected by an operator' });
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.closes).toEqual([{ connection, code: 4403 }]);
      useAfterEnd(rig, connection);
    });

    it('[PRT-2] may be said from within onOpen, whenever the decision on the upgrade came', async () => {
      for (const turns of [0, 1]) {
        const onUpgrade = async (): Promise<UpgradeDecision<Visitor>> => {
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          return { accept: true, protocol: '', data: { name: 'refused' } };
        };
        const onOpen = (connection: Connection<Visitor>): void => {
          connection.send(Buffer.from('refused'), false);
          connection.close(4401, 'token');
        };
        const rig = await startRig(traits, { onUpgrade, onOpen });
        const client = await rig.connect();
        expect((await client.nextFrame()).payload.toString()).toBe('refused');
        expect(await client.closed(1_000)).toEqual({ code: 4401, reason: 'token' });
        await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
        expect(rig.closes[0]?.code).toBe(4401);
      }
    });

    it('[PRT-23] cuts a reason to 123 bytes at a character’s border', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      connection.close(4400, `x${'é'.repeat(100)}`);
      expect((await client.closed()).reason).toBe(`x${'é'.repeat(61)}`);
    });

    it('[LOG-11] lets a slow peer read its backlog up to the close frame', { timeout: 20_000 }, async () => {
      const rig = await startRig(traits, { limits: { closeGraceMs: 15_000 } });
      const { client, connection } = await stuck(rig);
      connection.close(4409, 'slow consumer');
      rig.listener.publish('t', Buffer.from('after'), false);
      client.resume();
      for (let i = 0; i < BACKLOG; i += 1) {
        expect((await client.nextFrame()).payload.length).toBe(60_000);
      }
      expect(await client.closed()).toEqual({ code: 4409, reason: 'slow consumer' });
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.closes).toEqual([{ connection, code: 4409 }]);
    });

    it('[LOG-11] cuts a peer that never reads on after the grace, and tells the code given', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await stuck(rig);
      connection.close(4409, 'slow consumer');
      client.sendText('not heard any more');
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect([rig.closes, rig.messages]).toEqual([[{ connection, code: 4409 }], []]);
      client.resume();
      expect((await client.closed()).code).toBe(1006);
    });

    it('[PRT-23] ends also with a peer that does not answer the close frame', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair({ echoClose: false });
      connection.close(4408, 'idle');
      expect(await client.closed(8_000)).toEqual({ code: 4408, reason: 'idle' });
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.closes[0]?.code).toBe(4408);
    });
  });

  describe('cut', () => {
    it('[PRT-28] terminate ends the connection at once, told as 1006 and never within the call', async () => {
      const rig = await startRig(traits);
      const { client, connection } = await rig.pair();
      connection.subscribe('t');
      connection.terminate();
      expect(rig.closes).toEqual([]);
      expect((await client.closed()).code).toBe(1006);
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.closes).toEqual([{ connection, code: 1006 }]);
      useAfterEnd(rig, connection);
    });

    it('[PRT-28] terminate ends a stuck connection', async () => {
      const rig = await startRig(traits);
      const { connection } = await stuck(rig);
      connection.terminate();
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
    });

    it.each([true, false])('[PRT-28] tells 1006 when the client goes without a word (reset: %s)', async (reset) => {
      const rig = await startRig(traits);
      const { client } = await rig.pair();
      client.destroy(reset);
      await waitUntil(() => rig.closes.length === 1, { what: 'onClose' });
      expect(rig.closes[0]?.code).toBe(1006);
    });

    it('[ARC-8] may be closed or cut from within its own message handler', async () => {
      const rig = await startRig(traits, {
        onMessage: ({ connection, bytes }) =>
          bytes.toString() === 'cut' ? connection.terminate() : connection.close(1003, 'wrong frame kind'),
      });
      const cut = await rig.pair();
      cut.client.sendText('cut');
      expect((await cut.client.closed()).code).toBe(1006);
      const closed = await rig.pair();
      closed.client.sendText('[PRT-9]');
      closed.client.sendText('[PRT-9] not heard');
      expect(await closed.client.closed()).toEqual({ code: 1003, reason: 'wrong frame kind' });
      await waitUntil(() => rig.closes.length === 2, { what: 'onClose twice' });
      expect(rig.messages).toHaveLength(2);
    });
  });

  describe('start and stop', () => {
    it('[ARC-8] refuses to listen on a taken port', async () => {
      const rig = await startRig(traits);
      const second = traits.factory<Visitor>(silent, contractLimits);
      await expect(second.listen('127.0.0.1', rig.port)).rejects.toThrow(BusError);
      await second.close();
    });

    it('[ARC-8] stopAccepting refuses new clients and leaves open ones alone', async () => {
      const rig = await startRig(traits, { onMessage: (m) => m.connection.send(m.bytes, m.isBinary) });
      const { client } = await rig.pair();
      rig.listener.stopAccepting();
      await expect(rig.connect()).rejects.toThrow('ECONNREFUSED');
      client.sendText('still here');
      expect((await client.nextFrame()).payload.toString()).toBe('still here');
      rig.listener.stopAccepting();
    });

    it('[ARC-8] close cuts open, stuck, leaving, undecided and silent peers within a second, and frees the port', async () => {
      const rig = await startRig(traits, {
        onUpgrade: (request) =>
          request.path === '/ws' ? new Promise(() => undefined) : { accept: true, protocol: '', data: { name: 'x' } },
        limits: { closeGraceMs: 60_000, handshakeTimeoutMs: 60_000 },
        port: await freePort(),
      });
      await rig.pair();
      const silentPeer = connect({ port: rig.port, host: '127.0.0.1' }).resume();
      await once(silentPeer, 'connect');
      await stuck(rig);
      const leaving = await stuck(rig);
      leaving.connection.close(1012, 'draining');
      const undecided = rig.connect({ path: '/ws' });
      await waitUntil(() => rig.requests.length === 4, { what: 'the undecided request' });
      const start = performance.now();
      await rig.listener.close();
      expect(performance.now() - start).toBeLessThan(1_000);
      expect(rig.closes.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([1006, 1006, 1012]);
      expect((await undecided).status).toBe(0);
      await waitUntil(() => silentPeer.closed, { what: 'the silent peer to be cut' });
      await expect(rig.connect()).rejects.toThrow('ECONNREFUSED');
      const next = traits.factory<Visitor>(silent, contractLimits);
      expect(await next.listen('127.0.0.1', rig.port)).toBe(rig.port);
      await next.close();
    });

    it('[ARC-8] 1,000 connections come and go and leave nothing', { timeout: 30_000 }, async () => {
      // A hundred handshakes of TLS at once take as long as the machine takes.
      const rig = await startRig(traits, { limits: { handshakeTimeoutMs: 30_000 } });
      for (let round = 0; round < 10; round += 1) {
        const pairs = await Promise.all(
          Array.from({ length: 100 }, (_, i) => rig.connect({ path: `/v1/socket?${i}` })),
        );
        for (const connection of rig.opened.slice(-100)) {
          connection.subscribe('t');
          connection.subscribe(`own ${rig.opened.indexOf(connection)}`);
        }
        rig.listener.publish('t', Buffer.from('hello'), false);
        await Promise.all(pairs.map((client) => client.nextFrame()));
        for (const [i, client] of pairs.entries()) {
          leave(client, i, rig);
        }
        await waitUntil(() => rig.closes.length === 100 * (round + 1), { what: 'onClose of each' });
      }
      expect(new Set(rig.closes.map(({ connection }) => connection)).size).toBe(1_000);
      rig.listener.publish('t', Buffer.from('to nobody'), false);
      expect(rig.opened.every((connection) => connection.bufferedAmount() === 0)).toBe(true);
    });
  });
}

const BACKLOG = 300;

const silent: ListenerHandlers<Visitor> = {
  onUpgrade: () => ({ accept: true, protocol: '', data: { name: '' } }),
  onOpen: () => undefined,
  onMessage: () => undefined,
  onControl: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

/** A subscribed client that does not read, with megabytes waiting for it. */
async function stuck(rig: Rig): ReturnType<Rig['pair']> {
  const { client, connection } = await rig.pair();
  connection.subscribe('t');
  client.pause();
  for (let i = 0; i < BACKLOG; i += 1) {
    connection.send(Buffer.alloc(60_000), true);
  }
  await waitUntil(() => connection.bufferedAmount() > 1_000_000, { what: 'backlog' });
  return { client, connection };
}

function useAfterEnd(rig: Rig, connection: Connection<Visitor>): void {
  connection.send(Buffer.from('x'), false);
  connection.ping();
  connection.subscribe('t');
  connection.unsubscribe('t');
  rig.listener.publish('t', Buffer.from('x'), false, connection);
  connection.close(1000, '');
  connection.terminate();
  expect(connection.bufferedAmount()).toBe(0);
  expect(rig.closes).toHaveLength(1);
}

function leave(client: Awaited<ReturnType<Rig['connect']>>, i: number, rig: Rig): void {
  if (i % 4 === 0) {
    client.sendClose(1000);
  } else if (i % 4 === 1) {
    client.destroy();
  } else if (i % 4 === 2) {
    client.destroy(true);
  } else {
    rig.opened.findLast(({ data }) => data.name === `${i}`)?.close(1001, 'going away');
  }
}

import { afterEach, describe, expect, it } from 'vitest';
import type { BusError, ClientId, TenantId } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { clientOut, rpc } from '../subjects/subjects.ts';
import { createNatsSpine } from './nats-spine.ts';
import type { NatsSpine, NatsSpineOptions } from './nats-spine.ts';

const method = rpc('channels', 'list');
const byte = (value: number): Uint8Array => Uint8Array.of(value);
/** Long enough that only an answer or a refusal can be what ends a request. */
const lateMs = 60_000;

/** A user that may neither ask `arqon.rpc.bans.>` nor hear answers anywhere but in `_INBOX_shield.>`. */
const config = `
authorization { users = [ { user: shield, password: secret, permissions: {
  publish: { deny: ["arqon.rpc.bans.>"] }, subscribe: { allow: ["_INBOX_shield.>", "arqon.>"] }
} } ] }`;

describe.each(natsReleases())('NATS %s: requests', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;
  const start = async (more: Partial<NatsSpineOptions> = {}, serverConfig = ''): Promise<void> => {
    server = await startNatsServer({ release, config: serverConfig });
    spine = await createNatsSpine({ servers: [server.url], name: 'shield-1', closeTimeoutMs: 100, ...more });
  };

  afterEach(async () => {
    await spine.close();
    await server.stop();
  });

  it('[SPN-8] ends a request with TIMEOUT where only subscribers listen, and tells them nothing', async () => {
    await start();
    const subject = clientOut('acme' as TenantId, 'n1_a' as ClientId);
    const told: unknown[] = [];
    spine.subscribe(subject, (message) => told.push(message));
    await expect(spine.request(subject, byte(0), 50)).rejects.toMatchObject({ code: 'TIMEOUT' });
    // The server's word that nobody listens at all.
    await expect(spine.request(method, byte(0), lateMs)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(told).toEqual([]);
  });

  it('[SPN-8] when it closes still answers what is on its way, and what that needs of the Spine works', async () => {
    await start({ closeTimeoutMs: 2_000 });
    const asker = await createNatsSpine({ servers: [server.url], name: 'shield-2' });
    spine.serve(method, async () => {
      void spine.close();
      await spine.flush();
      return byte(7);
    });
    await spine.flush();
    const ask = (): Promise<number | string> =>
      asker.request(method, byte(0), 5_000).then(
        ([answer]) => answer ?? 0,
        ({ code }: BusError) => code,
      );
    const outcomes = new Set(await Promise.all(Array.from({ length: 100 }, ask)));
    await asker.close();
    expect([...outcomes]).toEqual([7]);
  });

  it('[SPN-2] ends a request that the server forbids with UNAVAILABLE at once, and no other', async () => {
    await start({ user: 'shield', password: 'secret', inboxPrefix: '_INBOX_shield' }, config);
    spine.serve(method, () => byte(7));
    const forbidden = spine.request(rpc('bans', 'add'), byte(0), lateMs);
    const allowed = spine.request(method, byte(0), lateMs);
    await expect(forbidden).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect([...(await allowed)]).toEqual([7]);
  });

  it('[SPN-2] ends requests with UNAVAILABLE at once where the server forbids their inbox', async () => {
    await start({ user: 'shield', password: 'secret' }, config);
    spine.serve(method, () => byte(7));
    for (let i = 0; i < 2; i++) {
      await expect(spine.request(method, byte(0), lateMs)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
  });

  it('[SPN-5] asks from inboxes alone', async () => {
    await start();
    const options = { servers: [server.url], name: 'shield-2', inboxPrefix: 'answers' };
    await expect(createNatsSpine(options)).rejects.toThrow(/_INBOX/);
  });

  it('[SPN-8] ends an open request with UNAVAILABLE when the Spine is closed before its answer', async () => {
    await start();
    spine.serve(method, () => undefined);
    const open = spine.request(method, byte(0), lateMs);
    const [outcome] = await Promise.allSettled([open, spine.close()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
  });
});

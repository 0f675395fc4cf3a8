import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { createNatsSpine } from '../nats/nats-spine.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { AUDIT_STREAM, provisionAuditStream } from './audit-stream.ts';
import { describeAuditTrail } from './audit-trail.contract.ts';
import { createJetStreamAuditTrail } from './jetstream-audit-trail.ts';

const acme = 'acme' as TenantId;
const MAX_BYTES = 1_048_576;

describe.each(natsReleases())('on NATS, %s', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;

  beforeAll(async () => {
    server = await startNatsServer({ jetstream: true, release });
    spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    // Twice: the second one finds it.
    for (const replicas of [1, 1]) await provisionAuditStream(spine, { replicas, maxBytes: MAX_BYTES });
  });

  afterAll(async () => {
    await spine.close();
    await server.stop();
  });

  describeAuditTrail('on JetStream', async () => {
    const far = await createNatsSpine({ servers: [server.url], name: 'brain' });
    return {
      near: await createJetStreamAuditTrail(spine),
      far: await createJetStreamAuditTrail(far),
      close: () => far.close(),
    };
  });

  it('[AUD-1] what is stored can be neither deleted nor purged, whatever rights somebody has', async () => {
    const trail = await createJetStreamAuditTrail(spine);
    const head = await trail.head(acme);
    const position = await trail.append(acme, new TextEncoder().encode('kept'), head?.position ?? 0);
    const manager = await jetstreamManager(spine.connection);
    await expect(manager.streams.deleteMessage(AUDIT_STREAM, position)).rejects.toThrow(/not permitted|denied|deny/i);
    await expect(manager.streams.purge(AUDIT_STREAM)).rejects.toThrow(/not permitted|denied|deny/i);
    const { config } = await manager.streams.info(AUDIT_STREAM);
    for (const laxer of [{ deny_delete: false }, { deny_purge: false }]) {
      await expect(manager.streams.update(AUDIT_STREAM, { ...config, ...laxer })).rejects.toThrow(/deny/i);
    }
    expect((await trail.head(acme))?.position).toBe(position);
  });

  it('[AUD-1] [LOG-5] the same record again is stored once', async () => {
    const trail = await createJetStreamAuditTrail(spine);
    const tenant = 'repeats' as TenantId;
    const data = new TextEncoder().encode('once');
    const position = await trail.append(tenant, data, 0);
    const again = await trail.append(tenant, data, 0).catch((error: unknown) => error);
    expect([position, 'CONFLICT']).toContain(typeof again === 'number' ? again : (again as { code: string }).code);
    expect(await trail.read(tenant, { afterPosition: 0, limit: 9, maxBytes: 999 })).toHaveLength(1);
  });

  it('[AUD-2] a full stream refuses, and keeps what it has', async () => {
    const trail = await createJetStreamAuditTrail(spine);
    const tenant = 'full' as TenantId;
    let position = 0;
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) position = await trail.append(tenant, new Uint8Array(262_144).fill(i), position);
    };
    await expect(fill()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await trail.head(tenant))?.position).toBe(position);
    expect(position).toBeGreaterThan(0);
  });
});

describe('without its stream', () => {
  it('[AUD-2] nothing is stored, and that is told', async () => {
    const server = await startNatsServer({ jetstream: true });
    const spine = await createNatsSpine({ servers: [server.url], name: 'brain' });
    const trail = await createJetStreamAuditTrail(spine);
    await expect(trail.append(acme, new Uint8Array(1), 0)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(trail.head(acme)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await spine.close();
    await server.stop();
  });
});

import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientId, TenantId } from '@arqonbus/protocol';
import { natsReleases, shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer, NatsUser } from '@arqonbus/testkit';
import { clientOut, rpc, shieldOut, taskOut, userOut } from '../subjects/subjects.ts';
import { createNatsSpine } from './nats-spine.ts';

const users = shippedNatsConfig();
const acme = 'acme' as TenantId;
const client = 'n1_abc' as ClientId;
let server: NatsServer;

/** A connection as this service, and what the server has forbidden it so far. */
async function connectAs(service: NatsUser): Promise<{ readonly raw: NatsConnection; readonly denied: string[] }> {
  const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: pass = '' } = users.env(service);
  const raw = await connect({ servers: server.url, user, pass, inboxPrefix: `_INBOX_${service}` });
  const denied: string[] = [];
  void (async () => {
    for await (const event of raw.status()) if (event.type === 'error') denied.push(event.error.message);
  })();
  return { raw, denied };
}

/** True when the server forbids it: a permission violation that names the subject. */
async function isForbidden(service: NatsUser, operation: 'publish' | 'subscribe', subject: string): Promise<boolean> {
  const { raw, denied } = await connectAs(service);
  let refused = '';
  if (operation === 'publish') raw.publish(subject, 'x');
  else raw.subscribe(subject, { callback: (error) => void (refused = error?.message ?? refused) });
  await raw.flush();
  // What is forbidden is told before the PONG; the event takes another turn.
  await new Promise(setImmediate);
  await raw.close();
  return [...denied, refused].some((text) => /permissions violation/i.test(text) && text.includes(subject));
}

/** All that reads a stream. */
function readingOf(stream: string): readonly string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.reader`,
    `$JS.API.CONSUMER.CREATE.${stream}.reader.arqon.>`,
    `$JS.API.CONSUMER.INFO.${stream}.reader`,
    `$JS.FC.${stream}.reader.a`,
  ];
}

const forbidden: readonly (readonly [NatsUser, 'publish' | 'subscribe', string])[] = [
  ['shield', 'publish', 'arqon.audit.acme'],
  ['shield', 'publish', 'arqon.ctl.disconnect'],
  ['shield', 'publish', 'arqon.store.acme'],
  ['shield', 'subscribe', 'arqon.rpc.omega.emit'],
  ['bridge', 'publish', 'arqon.rpc.omega.emit'],
  ['authenticator', 'publish', 'arqon.rpc.omega.emit'],
  ['shadow', 'publish', 'arqon.rpc.omega.emit'],
  ['shield', 'publish', 'arqon.work.webhook_retries.acme.3'],
  ['shield', 'publish', '$JS.API.CONSUMER.MSG.NEXT.WORK_WEBHOOKS.p3_a'],
  ['shield', 'publish', '$JS.ACK.WORK_WEBHOOKS.p3_a.1.1.1.1.0'],
  ['brain', 'publish', '$JS.API.STREAM.PURGE.WORK_WEBHOOKS'],
  ['shield', 'publish', 'arqon.continuum.episode.dlq.v1.acme'],
  ['shield', 'publish', '$JS.API.CONSUMER.MSG.NEXT.CONTINUUM.projector'],
  ['shield', 'publish', '$JS.ACK.CONTINUUM.projector.1.1.1.1.0'],
  ['shield', 'subscribe', 'arqon.continuum.episode.v1.acme'],
  ['bridge', 'publish', 'arqon.continuum.episode.v1.acme'],
  ['brain', 'publish', '$JS.API.STREAM.PURGE.CONTINUUM'],
  ['brain', 'publish', '$JS.API.STREAM.DELETE.CONTINUUM'],
  ['shield', 'publish', 'shadow.arqon.in.default.0.acme.science.general'],
  ['shield', 'publish', '$KV.ARQON_MIRRORS.acme.m_1'],
  ['shield', 'publish', '$KV.ARQON_WEBHOOKS.acme.wh_1'],
  ['shield', 'publish', '$KV.ARQON_OCCUPIED.acme.science.general'],
  ['shield', 'subscribe', 'shadow.>'],
  ['brain', 'publish', 'shadow.arqon.out.acme.science.general'],
  ['shadow', 'publish', 'shadow.arqon.out.acme.science.general'],
  ['shadow', 'publish', 'arqon.out.acme.science.general'],
  ['shadow', 'publish', '$JS.API.INFO'],
  ['shadow', 'subscribe', 'arqon.out.acme.science.general'],
  ['shadow', 'subscribe', '>'],
  ['shield', 'publish', '$KV.ARQON_BANS.acme.bob'],
  ['shield', 'publish', '$KV.ARQON_CHANNELS.acme.science.general'],
  ['shield', 'publish', '$KV.ARQON_SETTINGS.limits.history_page'],
  ['shield', 'publish', '$KV.ARQON_LOG.layouts'],
  ['shield', 'publish', '$JS.API.STREAM.PURGE.LOG_default_0'],
  ['shield', 'publish', '$JS.API.STREAM.PURGE.KV_ARQON_SETTINGS'],
  ['shield', 'publish', '$KV.ARQON_CASIL.acme'],
  ['shield', 'publish', '$KV.ARQON_SCHEMAS.acme.schema.chat=2Emessage=2Ev1'],
  ['shield', 'publish', '$JS.API.STREAM.PURGE.KV_ARQON_SCHEMAS'],
  ['shield', 'publish', '$KV.ARQON_POLICIES.chain.acme'],
  ['shield', 'publish', '$KV.ARQON_POLICIES.module.acme.9f86d081'],
  ['shield', 'publish', '$JS.API.STREAM.MSG.DELETE.KV_ARQON_POLICIES'],
  ['shield', 'publish', '$JS.API.STREAM.CREATE.ANYTHING'],
  ['shield', 'publish', '$JS.API.STREAM.DELETE.KV_ARQON_BANS'],
  ['shield', 'publish', '$JS.API.STREAM.PURGE.KV_ARQON_BANS'],
  ['shield', 'publish', '$JS.API.STREAM.MSG.DELETE.KV_ARQON_BANS'],
  ['shield', 'publish', '$JS.API.STREAM.MSG.DELETE.LOG_default_0'],
  ['shield', 'publish', '$JS.API.STREAM.UPDATE.LOG_default_0'],
  ['shield', 'publish', '$JS.API.CONSUMER.DURABLE.CREATE.LOG_default_0.reader'],
  ['shield', 'publish', '$SYS.REQ.SERVER.PING'],
  ['shield', 'publish', '_INBOX_brain.abc'],
  ['shield', 'publish', '_INBOX_bridge.abc'],
  ['shield', 'publish', '_INBOX_shield.abc'],
  ['shield', 'subscribe', '_INBOX_edge_brain.>'],
  ['bridge', 'subscribe', '_INBOX_edge_brain.>'],
  ['brain', 'subscribe', '_INBOX_edge_bridge.>'],
  ['bridge', 'publish', '_INBOX_shield.abc'],
  ['brain', 'publish', '_INBOX.abc'],
  ['shield', 'publish', '_INBOX.abc'],
  ['shield', 'subscribe', '>'],
  ['shield', 'subscribe', 'arqon.rpc.>'],
  ['shield', 'subscribe', 'arqon.rpc.bans.disconnect.0'],
  ['shield', 'publish', 'arqon.rpc.edge.publish'],
  ['shield', 'publish', 'arqon.rpc.edge.command'],
  ['brain', 'publish', 'arqon.rpc.edge.command'],
  ['brain', 'subscribe', 'arqon.rpc.edge.publish'],
  ['authenticator', 'publish', 'arqon.rpc.edge.publish'],
  ['bridge', 'publish', 'arqon.out.acme.science.general'],
  ['bridge', 'publish', 'arqon.in.default.0.acme.science.general'],
  ['bridge', 'publish', 'arqon.rpc.grants.put'],
  ['bridge', 'publish', 'arqon.ctl.disconnect'],
  ['bridge', 'publish', 'arqon.audit.acme'],
  ['bridge', 'publish', 'arqon.rpc.keys.create'],
  ['bridge', 'publish', '$KV.ARQON_KEYS.acme.0123456789abcdef0123'],
  ['shield', 'publish', '$KV.ARQON_KEYS.acme.0123456789abcdef0123'],
  ['bridge', 'publish', '$KV.ARQON_SETTINGS.limits.history_page'],
  ['bridge', 'publish', '$JS.API.STREAM.MSG.GET.LOG_default_0'],
  ['bridge', 'subscribe', 'arqon.rpc.edge.publish'],
  ['bridge', 'subscribe', '_INBOX_shield.>'],
  ['bridge', 'subscribe', 'arqon.out.acme._user.17'],
  ['bridge', 'subscribe', 'arqon.out.acme._client.n1.n1_abc'],
  ['bridge', 'subscribe', 'arqon.out.acme._tenant'],
  ['bridge', 'subscribe', 'arqon.presence.acme.science.general'],
  ['bridge', 'subscribe', '>'],
  ['authenticator', 'publish', 'arqon.rpc.cron.schedule'],
  ['shield', 'subscribe', 'arqon.rpc.cron.schedule'],
  ['shield', 'subscribe', 'arqon.audit.>'],
  ['shield', 'subscribe', 'arqon.in.>'],
  ['shield', 'subscribe', '_INBOX_brain.>'],
  ['shield', 'subscribe', '$JS.API.>'],
  ['shield', 'subscribe', '$SYS.>'],
  ...[
    'AUDIT',
    'KV_ARQON_AUDIT',
    'KV_ARQON_BRAINS',
    'KV_ARQON_RESUMES',
    'KV_ARQON_KEYS',
    'KV_ARQON_OCCUPIED',
    'WORK_WEBHOOKS',
    'WORK_WEBHOOK_RETRIES',
    'CONTINUUM',
  ].flatMap((stream) => readingOf(stream).map((subject) => ['shield', 'publish', subject] as const)),
  ['shield', 'publish', '$KV.ARQON_AUDIT.acme'],
  ['brain', 'publish', '$JS.API.STREAM.UPDATE.AUDIT'],
  ['brain', 'publish', '$JS.API.STREAM.PURGE.AUDIT'],
  ['brain', 'publish', '$JS.API.STREAM.DELETE.AUDIT'],
  ['brain', 'publish', '$JS.API.STREAM.MSG.DELETE.AUDIT'],
  ['authenticator', 'publish', '$JS.API.STREAM.MSG.DELETE.LOG_default_0'],
  ['shadow', 'publish', '$JS.API.STREAM.MSG.DELETE.LOG_default_0'],
  ['authenticator', 'publish', 'arqon.audit.acme'],
  ['brain', 'publish', 'arqon.out.acme._user.17'],
  ['brain', 'publish', 'arqon.out.acme._tenant'],
  ['brain', 'publish', 'arqon.out.acme._client.n1.n1_abc'],
  ['brain', 'publish', 'arqon.out.acme._shield.n1.n1_abc'],
  ['brain', 'subscribe', 'arqon.out.acme._task.n1.n1_abc'],
  ['brain', 'publish', 'arqon.rpc.history.append.0'],
  ['brain', 'publish', '$JS.API.STREAM.DELETE.KV_ARQON_BANS'],
  ['brain', 'publish', '$JS.API.STREAM.PURGE.KV_ARQON_CHANNELS'],
  ['brain', 'publish', '$SYS.REQ.SERVER.PING'],
  ['brain', 'subscribe', 'arqon.rpc.auth.authenticate'],
  ['brain', 'publish', 'arqon.rpc.auth.authenticate'],
  ['shield', 'subscribe', 'arqon.rpc.auth.authenticate'],
  ['authenticator', 'publish', 'arqon.rpc.auth.authenticate'],
  ['authenticator', 'publish', 'arqon.out.acme.science.general'],
  ['authenticator', 'publish', '_INBOX_shield.abc'],
  ['authenticator', 'publish', '$JS.API.INFO'],
  ['authenticator', 'subscribe', 'arqon.rpc.>'],
  ['authenticator', 'subscribe', 'arqon.rpc.bans.list'],
  ['authenticator', 'subscribe', '_INBOX_authenticator.>'],
  ['authenticator', 'subscribe', '>'],
  ['brain', 'subscribe', 'arqon.out.>'],
  ['brain', 'subscribe', 'arqon.ctl.disconnect'],
  ['brain', 'subscribe', '_INBOX_shield.>'],
  ['brain', 'subscribe', '>'],
];

describe.each(natsReleases())('the shipped users of NATS %s', (release) => {
  beforeAll(async () => void (server = await startNatsServer({ release, jetstream: true, config: users.config })));
  afterAll(() => server.stop());

  it.each(forbidden)('[SPN-2] T-05: %s may not %s %s', async (service, operation, subject) => {
    expect(await isForbidden(service, operation, subject)).toBe(true);
  });

  // Else the rows above would pass for a user that may do nothing at all.
  it.each([
    ['shield', 'publish', 'arqon.out.acme.science.general'],
    ['shield', 'publish', 'shadow.arqon.out.acme.science.general'],
    ['shield', 'publish', 'arqon.rpc.channels.create.3'],
    ['shield', 'publish', 'arqon.work.webhooks.acme.3'],
    ['shield', 'publish', 'arqon.continuum.episode.v1.acme'],
    ['shield', 'publish', 'arqon.rpc.continuum.project'],
    ['brain', 'publish', 'arqon.continuum.episode.dlq.v1.acme'],
    ['brain', 'publish', 'arqon.work.webhook_retries.acme.3'],
    ['shadow', 'subscribe', 'shadow.arqon.out.acme.>'],
    ['shield', 'subscribe', 'arqon.out.acme.science.general'],
    ['shield', 'subscribe', 'arqon.ctl.disconnect'],
    ['brain', 'publish', 'arqon.ctl.disconnect'],
    ['brain', 'publish', '$JS.API.STREAM.MSG.DELETE.LOG_default_=acme~eu'],
    ['brain', 'publish', 'arqon.audit.acme'],
    ['brain', 'publish', 'arqon.out.acme.science.general'],
    ['brain', 'publish', 'arqon.out.acme._task.n1.n1_abc'],
    ['shield', 'publish', 'arqon.rpc.tasks.submit.3'],
    ['shield', 'publish', 'arqon.rpc.history.append.0'],
    ['shield', 'publish', 'arqon.rpc.policy.put'],
    ['shield', 'publish', 'arqon.rpc.cron.schedule'],
    ['shield', 'publish', '$JS.API.STREAM.MSG.GET.KV_ARQON_POLICIES'],
    ['brain', 'publish', '$KV.ARQON_POLICIES.chain.acme'],
    ['shield', 'publish', 'arqon.rpc.auth.authenticate'],
    ['shield', 'subscribe', 'arqon.rpc.edge.publish'],
    ['brain', 'publish', 'arqon.rpc.edge.publish'],
    ['bridge', 'publish', 'arqon.rpc.keys.used'],
    ['bridge', 'subscribe', 'arqon.out.acme.science.general'],
    ['bridge', 'publish', '$JS.API.STREAM.MSG.GET.KV_ARQON_KEYS'],
    ['bridge', 'publish', 'arqon.rpc.edge.publish'],
    ['bridge', 'publish', 'arqon.rpc.edge.command'],
    ['bridge', 'publish', '$JS.API.STREAM.MSG.GET.KV_ARQON_SETTINGS'],
    // Whatever layout the log has, now or later (LOG-2).
    ['shield', 'publish', '$JS.API.STREAM.INFO.LOG_chat~fast_17'],
    ['shield', 'publish', '$JS.API.STREAM.MSG.GET.LOG_default_=acme~eu'],
    ['shield', 'publish', '$JS.API.CONSUMER.CREATE.LOG_default_3.reader.arqon.in.default.3.acme.lab.talk'],
    ['brain', 'subscribe', 'arqon.rpc.bans.disconnect.0'],
    ['brain', 'subscribe', 'arqon.ctl.presence'],
    ['authenticator', 'subscribe', 'arqon.rpc.auth.authenticate'],
  ] as const)('[SPN-2] %s may %s %s', async (service, operation, subject) => {
    expect(await isForbidden(service, operation, subject)).toBe(false);
  });

  it.each([
    ['bridge', rpc('edge', 'publish')],
    ['brain', rpc('edge', 'publish')],
    ['brain', taskOut(acme, client)],
    ['shield', clientOut(acme, client)],
    ['shield', userOut(acme, 'alice')],
    ['shield', shieldOut(acme, 'n1')],
  ] as const)('[SPN-2] a %s that asks Shields by %s is answered', async (asking, subject) => {
    const { raw: answerer } = await connectAs('shield');
    answerer.subscribe(subject, { callback: (_, message) => void message.respond('none') });
    await answerer.flush();
    const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: password = '' } = users.env(asking);
    const own = { user, password, inboxPrefix: `_INBOX_${asking}` };
    const asker = await createNatsSpine({ servers: [server.url], name: asking, ...own });
    const reply = await asker.request(subject, new Uint8Array(1), 2_000);
    expect(new TextDecoder().decode(reply)).toBe('none');
    await Promise.all([asker.close(), answerer.close()]);
  });

  it('[SPN-2] nobody comes in without a password', async () => {
    await expect(connect({ servers: server.url, reconnect: false })).rejects.toThrow(/authorization/i);
    await expect(connect({ servers: server.url, user: 'shield', pass: '', reconnect: false })).rejects.toThrow(
      /authorization/i,
    );
  });
});

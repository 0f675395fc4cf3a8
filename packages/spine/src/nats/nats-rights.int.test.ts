import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cpuSeconds, natsReleases, shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer, NatsUser } from '@arqonbus/testkit';

const users = shippedNatsConfig();
let server: NatsServer;
const PAGE = 5_000;

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

  it('[SPN-2] the edge answers the request that it got, once, and writes to no other inbox', async () => {
    const [asker, answerer] = await Promise.all([connectAs('brain'), connectAs('shield')]);
    const asked = new Promise<string>((resolve) => {
      answerer.raw.subscribe('arqon.rpc.edge.publish', {
        callback: (_, message) => {
          message.respond('none');
          resolve(message.reply ?? '');
        },
      });
    });
    await answerer.raw.flush();
    const reply = await asker.raw.request('arqon.rpc.edge.publish', 'what?', { timeout: 2_000 });
    expect(reply.string()).toBe('none');
    answerer.raw.publish(await asked, 'and again');
    answerer.raw.publish('_INBOX_brain.forged', 'x');
    await answerer.raw.flush();
    await vi.waitFor(() => expect(answerer.denied).toHaveLength(2));
    await Promise.all([asker.raw.close(), answerer.raw.close()]);
  });

  it('[SPN-2] [CTM-4] what a Brain takes from a stream costs the server the same, however much it took before', async () => {
    const { raw } = await connectAs('brain');
    const manager = await jetstreamManager(raw, { checkAPI: false });
    await manager.streams.add({ name: 'CONTINUUM', subjects: ['arqon.continuum.episode.v1.*'], num_replicas: 1 });
    await manager.consumers.add('CONTINUUM', { durable_name: 'projector', ack_policy: AckPolicy.Explicit });
    const consumer = await jetstream(raw).consumers.get('CONTINUUM', 'projector');
    const takePage = async (): Promise<number> => {
      for (let n = 0; n < PAGE; n += 1) raw.publish('arqon.continuum.episode.v1.acme', 'x');
      await raw.flush();
      const before = cpuSeconds(server.pid());
      for (let taken = 0; taken < PAGE;) {
        for await (const message of await consumer.fetch({ max_messages: PAGE - taken })) {
          message.ack();
          taken += 1;
        }
      }
      await raw.flush();
      return cpuSeconds(server.pid()) - before;
    };
    const [first, , , last] = [await takePage(), await takePage(), await takePage(), await takePage()];
    // Where the server looked through all that it had handed out, the last page took ten times the first.
    expect(last).toBeLessThan(3 * first + 0.1);
    await raw.close();
  });

  it('[SPN-2] nobody comes in without a password', async () => {
    await expect(connect({ servers: server.url, reconnect: false })).rejects.toThrow(/authorization/i);
    await expect(connect({ servers: server.url, user: 'shield', pass: '', reconnect: false })).rejects.toThrow(
      /authorization/i,
    );
  });
});

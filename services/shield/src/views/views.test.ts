import { createRights } from '@arqonbus/auth';
import type { Permission, Role } from '@arqonbus/auth';
import type { TenantId } from '@arqonbus/protocol';
import { viewsOfPolicy } from './views-rig.ts';
import { describe, expect, it } from 'vitest';
import { createDeliveryRig, noPresence } from '../delivery/delivery-rig.ts';
import type { DeliveryRig, RigClient } from '../delivery/delivery-rig.ts';
import { createReaderViews } from './reader-views.ts';
import { createViewSeal } from './view-seal.ts';

const acme = 'acme' as TenantId;
const encoder = new TextEncoder();
const masked = encoder.encode('{"card":"***REDACTED***"}');
const full = encoder.encode('{"card":"4111 1111 1111 1111"}');
const none = (): void => undefined;
const seal = createViewSeal([Buffer.alloc(32, 1)], { sealed: none, dropped: none, unopened: none });

interface Rig extends DeliveryRig {
  /** `casil.views` in force. */
  entries: readonly string[];
  enter(role: Role, format?: 'json' | 'proto'): Promise<RigClient>;
  grant(client: RigClient, ...permissions: readonly Permission[]): void;
  /** Publishes a card that all but some see masked. */
  tell(channel?: string): Promise<void>;
}

const ENTRIES: readonly string[] = ['role:moderator=*', 'grant=*'];

function createRig(): Rig {
  const views = createReaderViews(() => viewsOfPolicy([...rig.entries]), seal);
  const base = createDeliveryRig({}, noPresence, views);
  let told = 0;
  const rig: Rig = Object.assign(base, {
    entries: ENTRIES,
    enter: async (role: Role, format: 'json' | 'proto' = 'json') => {
      const client = base.connect({ format });
      client.session.principal = { ...client.session.principal, role };
      await base.join(client, 'general');
      return client;
    },
    grant: ({ session }: RigClient, ...permissions: readonly Permission[]) => {
      session.rights = createRights('user', permissions, { accessDefault: 'open' });
      base.subscriptions.review(session);
    },
    tell: async (channel = 'general') => {
      const id = `arq_${String((told += 1)).padStart(12, 'v')}`;
      const sealed = seal.seal(acme, id, [{ entries: ENTRIES, payload: full }]);
      await base.publish(channel, { id, payload: masked, views: sealed });
      await base.deliver();
    },
  });
  return rig;
}

function seenBy({ connection }: RigClient): readonly string[] {
  const events = connection.envelopes().filter(({ type }) => type === 'event');
  return events.map(({ payload, views }) => {
    expect(views.length).toBe(0);
    return new TextDecoder().decode(payload).includes('4111') ? 'full' : 'masked';
  });
}

const reveal = { action: 'reveal', pattern: 'science:*', effect: 'allow' } as const;

describe('views of readers', () => {
  it('[CAS-12] a moderator sees in full what others see masked, by one frame for each format and view in use', async () => {
    const rig = createRig();
    const clients = [
      await rig.enter('user'),
      await rig.enter('moderator'),
      await rig.enter('admin', 'proto'),
      await rig.enter('moderator', 'proto'),
      await rig.enter('moderator', 'proto'),
    ];
    rig.published.length = 0;
    await rig.tell();
    expect(clients.map(seenBy)).toEqual([['masked'], ['full'], ['masked'], ['full'], ['full']]);
    expect(rig.published.map(({ topic }) => topic)).toEqual([
      'j/acme/science:general',
      'p/acme/science:general',
      'j/acme/science:general/role:moderator=*',
      'p/acme/science:general/role:moderator=*',
    ]);
    expect(rig.published.filter(({ frame }) => Buffer.from(frame).includes('4111'))).toHaveLength(2);
    expect(rig.metrics.render()).toContain('arqonbus_messages_delivered_total{class="history"} 5');
  });

  it('[CAS-12] who is given the right sees in full from the next message on, and masked once it is taken away', async () => {
    const rig = createRig();
    const bob = await rig.enter('user');
    await rig.tell();
    rig.grant(bob, reveal);
    await rig.tell();
    await rig.tell();
    rig.grant(bob);
    await rig.tell();
    rig.grant(bob, reveal);
    rig.entries = [];
    rig.subscriptions.review(bob.session);
    await rig.tell();
    expect(seenBy(bob)).toEqual(['masked', 'full', 'full', 'masked', 'masked']);
    for (const { revealed } of rig.channels.all()) expect(revealed.size).toBe(0);
  });

  it('[CAS-12] [LOG-9] what is read from the log is seen by the rights of now, whoever saw it how', async () => {
    const rig = createRig();
    const bob = await rig.enter('user');
    for (let n = 0; n < 3; n += 1) await rig.tell();
    const epoch = bob.connection.envelopes().at(-1)?.epoch ?? '';
    const late = rig.connect();
    late.session.principal = { ...late.session.principal, role: 'moderator' };
    await rig.join(late, 'general', { from: { epoch, seq: 1 } });
    await rig.deliver();
    expect(seenBy(late)).toEqual(['full', 'full']);
    const guest = rig.connect();
    await rig.join(guest, 'general', { from: { epoch, seq: 1 } });
    await rig.deliver();
    expect(seenBy(guest)).toEqual(['masked', 'masked']);
    const other = rig.connect();
    await rig.join(other, 'general', { history: 3 });
    const [reply] = other.connection.envelopes().filter(({ type }) => type === 'response');
    expect(new TextDecoder().decode(reply?.payload)).not.toContain('4111');
  });

  it('[CAS-12] [LOG-9] what a Shield of a release without views has published is for all readers what it is', async () => {
    const rig = createRig();
    const [bob, carol] = [await rig.enter('user'), await rig.enter('moderator')];
    await rig.tell();
    await rig.publish('general', { id: 'arq_of-old-shield', payload: masked });
    await rig.tell();
    expect([seenBy(bob), seenBy(carol)]).toEqual([
      ['masked', 'masked', 'masked'],
      ['full', 'masked', 'full'],
    ]);
    const late = rig.connect();
    late.session.principal = { ...late.session.principal, role: 'moderator' };
    const epoch = bob.connection.envelopes().at(-1)?.epoch ?? '';
    await rig.join(late, 'general', { from: { epoch, seq: 1 } });
    await rig.deliver();
    expect(seenBy(late)).toEqual(['masked', 'full']);
  });

  it('[CAS-12] an entry that is another one now shows nothing of what was sealed under the old one', async () => {
    const rig = createRig();
    rig.entries = ['role:moderator=card_number'];
    const carol = await rig.enter('moderator');
    await rig.tell();
    expect(seenBy(carol)).toEqual(['masked']);
  });

  it('[CAS-12] [PRT-15] the sender is left out of the topics that it is in', async () => {
    const rig = createRig();
    const carol = await rig.enter('moderator');
    const dave = await rig.enter('moderator');
    const id = 'arq_sender000001';
    const views = seal.seal(acme, id, [{ entries: ENTRIES, payload: full }]);
    await rig.publish('general', { id, payload: masked, views, sender: carol.session.clientId });
    await rig.deliver();
    expect([seenBy(carol), seenBy(dave)]).toEqual([[], ['full']]);
    expect(rig.metrics.render()).toContain('arqonbus_messages_delivered_total{class="history"} 1');
  });
});

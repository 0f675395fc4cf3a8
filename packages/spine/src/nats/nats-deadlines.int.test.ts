import { connect, headers } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { natsReleases, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { rpc } from '../subjects/subjects.ts';
import { createNatsSpine } from './nats-spine.ts';
import type { NatsSpine } from './nats-spine.ts';

const method = rpc('channels', 'list');
/** A clock that has nothing to do with this process's. */
const FAR_CLOCK_MS = 7_000_000_000;

describe.each(natsReleases())('NATS %s: deadlines of requests', (release) => {
  let server: NatsServer;
  let spine: NatsSpine;
  let raw: NatsConnection;
  const errors: unknown[] = [];
  /** What the handler was called for, and how long it had. */
  let served: (readonly [string, number])[] = [];

  beforeEach(async () => {
    server = await startNatsServer({ release });
    spine = await createNatsSpine({
      servers: [server.url],
      name: 'brain-1',
      onError: (error) => void errors.push(error),
    });
    raw = await connect({ servers: server.url });
    served = [];
    errors.length = 0;
    spine.serve(method, (data, deadlineMs) => {
      served.push([new TextDecoder().decode(data), deadlineMs - performance.now()]);
      return Uint8Array.of(7);
    });
    await spine.flush();
  });

  afterEach(async () => {
    await raw.close();
    await spine.close();
    await server.stop();
  });

  const send = (name: string, deadline?: string): void => {
    const all = headers();
    if (deadline !== undefined) all.set('Arqon-Deadline', deadline);
    raw.publish(method, name, { reply: '_INBOX.test', headers: all });
  };
  const names = (): string[] => served.map(([name]) => name);

  it('[SPN-8] are spans on the wire: what lay too long is dropped and told of, whatever the sender’s clock shows', async () => {
    send('first', `500 ${FAR_CLOCK_MS} shield-1`);
    send('lay for 400 ms', `500 ${FAR_CLOCK_MS - 400} shield-1`);
    send('lay for 600 ms', `500 ${FAR_CLOCK_MS - 600} shield-1`);
    send('of a clock not known', `500 ${FAR_CLOCK_MS - 600} shield-2`);
    await vi.waitFor(() => expect(names()).toEqual(['first', 'lay for 400 ms', 'of a clock not known']));
    const [first = 0, second = 0] = served.map(([, leftMs]) => leftMs);
    expect([first > 400, first <= 500, second > 0, second <= 101]).toEqual([true, true, true, true]);
    expect(errors).toEqual([expect.objectContaining({ code: 'TIMEOUT' })]);
  });

  it('[SPN-3] that cannot be read are dropped and told of; a request without one is served', async () => {
    const unreadable = ['soon', '500', '500 1', '-1 1 a', '1e3 1 a', '500 1 a b', `500 1 ${'a'.repeat(33)}`, '5 .5 a'];
    for (const deadline of unreadable) send('bad', deadline);
    send('without');
    await vi.waitFor(() => expect(names()).toEqual(['without']));
    expect(served[0]?.[1]).toBeGreaterThan(10_000);
    expect(errors).toHaveLength(unreadable.length);
  });

  it('[LOG-5] are not kept in streams: what is stored carries its id alone', async () => {
    const seen: string[][] = [];
    raw.subscribe('arqon.rpc.channels.delete', {
      callback: (_, { headers: all }) => void seen.push(all?.keys() ?? []),
    });
    await raw.flush();
    const subject = rpc('channels', 'delete');
    await Promise.allSettled([
      spine.store(subject, Uint8Array.of(1), 'message-1', 50),
      spine.request(subject, Uint8Array.of(1), 50),
    ]);
    expect(seen).toEqual([['Nats-Msg-Id'], ['Arqon-Deadline']]);
  });
});

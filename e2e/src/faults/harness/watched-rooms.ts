import { startWebhookSink } from '@arqonbus/testkit';
import { expect } from 'vitest';
import type { FaultCluster } from './fault-cluster.ts';

/** Rooms of a tenant, spread over the Brains, of which a webhook tells. */
export interface WatchedRooms {
  /** Publishes in each room, and leaves the channel of each, which is empty then. */
  leave(): Promise<void>;
  /** Checks that everything was told, and each channel that was left under one id. */
  check(): Promise<void>;
}

const ROOMS = Array.from({ length: 6 }, (_, number) => `watched-${number}`);
const patient = { timeout: 15_000 };

interface Told {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly room: string; readonly channel: string; readonly message?: { readonly payload: string } };
}

/** Starts them: when this resolves every Shield and Brain that matters knows the webhook, and somebody is in each channel. */
export async function startWatchedRooms(bus: FaultCluster): Promise<WatchedRooms> {
  const sink = await startWebhookSink();
  const client = await bus.connect(1, { tenant: 'watched', user: 'root', role: 'admin' });
  const told = (): readonly Told[] =>
    sink.requests.map(({ headers, body }) => ({
      ...(JSON.parse(body) as Omit<Told, 'id'>),
      id: headers['webhook-id'] ?? '',
    }));
  const vacated = (channel: string): readonly Told[] =>
    told().filter(({ type, data }) => type === 'channel_vacated' && data.channel === channel);
  const texts = (): readonly (string | undefined)[] => told().map(({ data }) => data.message?.payload);
  const everywhere = (work: (room: string) => Promise<unknown>): Promise<unknown> => Promise.all(ROOMS.map(work));
  await client.must('op.webhook.register', { url: sink.url, events: ['message', 'channel_vacated'] });
  const visit = async (): Promise<number> => {
    await everywhere((room) => client.must('join_channel', { room, channel: 'warm' }));
    await everywhere((room) => client.publish(`${room}:warm`, 'warm'));
    await everywhere((room) => client.must('leave_channel', { room, channel: 'warm' }));
    const rooms = vacated('warm').map(({ data }) => data.room);
    return texts().includes('warm') ? new Set(rooms).size : 0;
  };
  await expect.poll(visit, patient).toBe(ROOMS.length);
  await everywhere((room) => client.must('join_channel', { room, channel: 'stage' }));
  await everywhere((room) => client.publish(`${room}:stage`, `${room} before`));
  return {
    leave: async () => {
      await everywhere((room) => client.publish(`${room}:stage`, `${room} after`));
      await everywhere((room) => client.must('leave_channel', { room, channel: 'stage' }));
    },
    check: async () => {
      const expected = ROOMS.flatMap((room) => [`${room} before`, `${room} after`]);
      await expect.poll(texts, patient).toEqual(expect.arrayContaining(expected));
      const left = (): readonly string[] => [...new Set(vacated('stage').map(({ data, id }) => `${data.room} ${id}`))];
      const rooms = (): readonly string[] => left().map((line) => line.split(' ')[0] ?? '');
      await expect.poll(() => rooms().toSorted(), patient).toEqual(ROOMS);
      client.end();
      await sink.close();
    },
  };
}

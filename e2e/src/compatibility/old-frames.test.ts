import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonClient } from '../harness/json-client.ts';
import { oldReleases, readOldFile } from '../harness/old-releases.ts';
import { startBus } from '../harness/start-bus.ts';
import type { Bus } from '../harness/start-bus.ts';

/** One frame of an old client, and what it and others must hear after it. */
interface Step {
  readonly about: string;
  readonly as: string;
  readonly send: object;
  readonly hears: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const anything: unknown = expect.anything();
const clients = new Map<string, JsonClient>();
let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});

afterAll(() => bus.stop());

async function clientOf(user: string): Promise<JsonClient> {
  const known = clients.get(user) ?? (await bus.connect({ user }));
  clients.set(user, known);
  return known;
}

/** A frame as it was heard; `<any>` stands for what differs from run to run. */
function asHeard(value: unknown): unknown {
  if (value === '<any>') return anything;
  if (Array.isArray(value)) return value.map(asHeard);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asHeard(inner)]));
}

describe.each(oldReleases())('the frames of %s', (release) => {
  afterAll(() => {
    for (const client of clients.values()) client.end();
    clients.clear();
  });

  // One conversation: each step stands on those before it.
  test.each(readOldFile(release, 'conversation.json') as readonly Step[])(
    '[PRD-1] are answered as they were then: $about',
    async ({ as, send, hears }) => {
      for (const user of Object.keys(hears)) await clientOf(user);
      (await clientOf(as)).send(send);
      for (const [user, frame] of Object.entries(hears)) {
        const heard = await (await clientOf(user)).next(({ type }) => type !== 'system');
        expect(heard).toMatchObject(asHeard(frame) as object);
      }
    },
  );
});

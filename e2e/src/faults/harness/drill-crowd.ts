import { randomFillSync } from 'node:crypto';
import { createMessageIds } from '@arqonbus/protocol';
import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, Subscription } from '@arqonbus/sdk';
import { WebSocket } from 'ws';
import { RecordedClient } from '../../recording/recorded-client.ts';
import type { Recorder } from '../../recording/recorder.ts';

/** One client of the crowd, in one room of its tenant. */
export interface CrowdClient {
  readonly tenant: string;
  readonly channel: string;
  readonly sdk: ArqonClient;
  readonly recorded: RecordedClient;
  readonly subscription: Subscription;
  /** Of its first session. */
  readonly firstId: string | undefined;
}

/** Who is there, and how to reach the bus. */
export interface CrowdOptions {
  readonly clients: number;
  /** Of both tenants together; each has half of them, under the same names. */
  readonly rooms: number;
  readonly port: number;
  readonly recorder: Recorder;
  readonly token: (tenant: string, user: string) => Promise<string>;
}

/** Many clients of the SDK in many rooms. */
export interface Crowd {
  readonly clients: readonly CrowdClient[];
  /** From the loss of a connection to the next welcome. */
  readonly reconnectsMs: readonly number[];
  close(): Promise<void>;
}

const TENANTS = ['acme', 'umbrella'] as const;
/** Clients that open their connection at the same time. */
const AT_ONCE = 20;

/** Opens a crowd: everybody is in its room. */
export async function openCrowd(options: CrowdOptions): Promise<Crowd> {
  const reconnectsMs: number[] = [];
  const clients: CrowdClient[] = [];
  for (let from = 0; from < options.clients; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, options.clients - from) }, (_, n) => from + n);
    clients.push(...(await Promise.all(numbers.map((n) => openClient(n, options, reconnectsMs)))));
  }
  return {
    clients,
    reconnectsMs,
    close: async () => {
      await Promise.all(clients.map(({ sdk }) => sdk.close()));
    },
  };
}

async function openClient(n: number, options: CrowdOptions, reconnectsMs: number[]): Promise<CrowdClient> {
  const { rooms, port, recorder, token } = options;
  const tenant = TENANTS[n % 2] ?? TENANTS[0];
  const user = `user-${n}`;
  const channel = `drill-${Math.floor(n / 2) % Math.ceil(rooms / 2)}:talk`;
  const sdk = createClient({
    url: `ws://127.0.0.1:${port}/v1/socket`,
    token: () => token(tenant, user),
    format: n % 3 === 0 ? 'proto' : 'json',
    webSocket: WebSocket,
  });
  followReconnects(sdk, reconnectsMs);
  await sdk.connect();
  const nextId = createMessageIds(Date.now, (bytes) => void randomFillSync(bytes));
  const recorded = new RecordedClient({ name: `client-${n}`, tenant, user, echo: true, sdk, nextId, recorder });
  const subscription = await sdk.join(channel, { echo: true });
  recorded.follow(channel, subscription);
  return { tenant, channel, sdk, recorded, subscription, firstId: idOf(sdk) };
}

/** Who a client is to the bus, where it is connected. */
export function idOf({ state }: ArqonClient): string | undefined {
  return state.kind === 'connected' ? state.welcome.clientId : undefined;
}

function followReconnects(sdk: ArqonClient, reconnectsMs: number[]): void {
  let lostAt: number | undefined;
  sdk.on('state', ({ kind }) => {
    if (kind === 'waiting') lostAt ??= performance.now();
    if (kind !== 'connected' || lostAt === undefined) return;
    reconnectsMs.push(performance.now() - lostAt);
    lostAt = undefined;
  });
}

import { connectRaw } from '@arqonbus/testkit';
import { expect } from 'vitest';
import type { FaultCluster } from './fault-cluster.ts';

/** What an administrator of a tenant sees of one Shield. */
export interface TelemetryFollower {
  /** Frames as text, oldest first. */
  readonly texts: readonly string[];
  end(): void;
}

/** Follows the telemetry stream of a Shield in this tenant. */
export async function followTelemetry(bus: FaultCluster, shield: number, tenant: string): Promise<TelemetryFollower> {
  const token = await bus.token({ tenant, user: 'watcher', role: 'admin' });
  const socket = await connectRaw({
    port: bus.telemetryPort(shield),
    headers: { authorization: `Bearer ${token}` },
    protocols: ['arqon.v1.json'],
    answerPings: true,
  });
  expect(socket.status).toBe(101);
  const texts: string[] = [];
  const follow = async (): Promise<never> => {
    for (;;) texts.push((await socket.nextFrame(600_000)).payload.toString('utf8'));
  };
  follow().catch(() => undefined);
  return { texts, end: () => socket.destroy() };
}

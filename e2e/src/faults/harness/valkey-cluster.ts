import { SHIPPED_RULES } from '@arqonbus/config';
import { shippedValkeyUsers, startChaosProxy, startValkeyServer } from '@arqonbus/testkit';
import type { ChaosProxy, ValkeyServer } from '@arqonbus/testkit';
import { startBalancer } from './balancer.ts';
import { startFaultCluster } from './fault-cluster.ts';
import type { FaultCluster, Health } from './fault-cluster.ts';

/** A cluster that keeps its log in Valkey. */
export interface ValkeyCluster {
  readonly bus: FaultCluster;
  readonly primary: ValkeyServer;
  /** Copies the primary. One address leads to whichever of the two can be reached, the primary first. */
  readonly replica: ValkeyServer;
  /** Before both. */
  readonly valkeyProxy: ChaosProxy;
  brainHealth(brain: number): Promise<Health>;
  stop(): Promise<void>;
}

/** Two Shields, two Brains, NATS, and Valkey with a replica; room `fast` is `live`, all others keep the shipped history. */
export async function startValkeyCluster(): Promise<ValkeyCluster> {
  const { users, env } = shippedValkeyUsers();
  const primary = await startValkeyServer({ users });
  const replica = await startValkeyServer({ users, replicaOf: primary });
  const balancer = await startBalancer(() => [primary.port, replica.port]);
  const valkeyProxy = await startChaosProxy({ targetPort: balancer.port });
  const bus = await startFaultCluster({
    ...env,
    ARQONBUS_LOG_BACKEND: 'valkey',
    ARQONBUS_VALKEY_URL: `redis://127.0.0.1:${valkeyProxy.port}`,
    ARQONBUS_LOG_RULES: JSON.stringify([{ pattern: 'fast:*', profile: 'live' }, ...SHIPPED_RULES]),
  });
  return {
    bus,
    primary,
    replica,
    valkeyProxy,
    brainHealth: async (brain) => {
      const answer = await fetch(`${bus.brains[brain]?.addresses()['http_url'] ?? ''}/health/ready`);
      return { code: answer.status, ...((await answer.json()) as Omit<Health, 'code'>) };
    },
    stop: async () => {
      await bus.stop();
      await valkeyProxy.stop();
      await balancer.stop();
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { BusError } from '@arqonbus/protocol';
import { BridgeService, HealthCheckResponse_ServingStatus } from '@arqonbus/protocol/bridge-messages';
import type { Health } from '@arqonbus/protocol/bridge-messages';
import type { ServiceImpl } from '@connectrpc/connect';

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;

/** How soon a change is told. */
const LOOK_EVERY_MS = 1_000;

/** gRPC's own question how a server is; for everybody, as the health of the admin port. */
export function createHealthService(isReady: () => boolean): ServiceImpl<typeof Health> {
  const statusOf = (service: string): HealthCheckResponse_ServingStatus => {
    if (service !== '' && service !== BridgeService.typeName) return SERVICE_UNKNOWN;
    return isReady() ? SERVING : NOT_SERVING;
  };
  return {
    check: ({ service }) => {
      const status = statusOf(service);
      if (status === SERVICE_UNKNOWN) throw new BusError('NOT_FOUND');
      return { status };
    },
    watch: async function* watch({ service }, { signal }) {
      let told: HealthCheckResponse_ServingStatus | undefined;
      while (!signal.aborted) {
        const status = statusOf(service);
        if (status !== told) yield { status };
        told = status;
        await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

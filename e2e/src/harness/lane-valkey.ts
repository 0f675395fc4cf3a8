import { shippedValkeyUsers, startValkeyServer } from '@arqonbus/testkit';
import { isCluster } from './mode.ts';

/** A Valkey for the Omega lane, and the settings that name it. */
export interface LaneValkey {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts one with the users that ship; in one process the lane needs none. */
export async function startLaneValkey(): Promise<LaneValkey> {
  if (!isCluster) return { env: {}, stop: async () => undefined };
  const { users, env } = shippedValkeyUsers();
  const valkey = await startValkeyServer({ users });
  return { env: { ...env, ARQONBUS_VALKEY_URL: valkey.url }, stop: () => valkey.stop() };
}

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The users that are shipped: one for each service, one for an operator's own authenticator, one to consume the mirror. */
export type NatsUser = 'shield' | 'brain' | 'bridge' | 'authenticator' | 'shadow';

/** The shipped users of NATS, with passwords of this run, and what services need to be told of them. */
export interface ShippedNatsConfig {
  /** Lines of a server's configuration. */
  readonly config: string;
  /** Settings of a service that is this user. */
  env(user: NatsUser): Readonly<Record<string, string>>;
}

const USERS = new URL('../../../../deploy/nats/users.conf', import.meta.url);

/** `deploy/nats/users.conf` as it is shipped (SPN-2), so that every cluster of ours runs with the least rights. */
export function shippedNatsConfig(): ShippedNatsConfig {
  const password = (): string => randomBytes(18).toString('hex');
  const passwords = {
    shield: password(),
    brain: password(),
    bridge: password(),
    authenticator: password(),
    shadow: password(),
  };
  // A variable of the configuration stands before one of the environment.
  const variables = [
    `NATS_SHIELD_PASSWORD: "${passwords.shield}"`,
    `NATS_BRAIN_PASSWORD: "${passwords.brain}"`,
    `NATS_BRIDGE_PASSWORD: "${passwords.bridge}"`,
    `NATS_AUTHENTICATOR_PASSWORD: "${passwords.authenticator}"`,
    `NATS_SHADOW_PASSWORD: "${passwords.shadow}"`,
    'max_payload: 2MB',
  ];
  return {
    config: [...variables, readFileSync(USERS, 'utf8')].join('\n'),
    env: (user) => ({ ARQONBUS_NATS_USER: user, ARQONBUS_NATS_PASSWORD: passwords[user] }),
  };
}

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The shipped users of NATS, with passwords of this run, and what services need to be told of them. */
export interface ShippedNatsConfig {
  /** Lines of a server's configuration. */
  readonly config: string;
  /** Settings of a service. */
  env(service: 'shield' | 'brain'): Readonly<Record<string, string>>;
}

const USERS = new URL('../../../../deploy/nats/users.conf', import.meta.url);

/**
 * `deploy/nats/users.conf` as it is shipped (SPN-2), so that every cluster of ours runs with the least rights. The
 * streams of `ownProfiles` are named in it as its comment asks for.
 */
export function shippedNatsConfig(ownProfiles: readonly string[] = []): ShippedNatsConfig {
  const passwords = { shield: randomBytes(18).toString('hex'), brain: randomBytes(18).toString('hex') };
  // A variable of the configuration stands before one of the environment.
  const variables = [
    `NATS_SHIELD_PASSWORD: "${passwords.shield}"`,
    `NATS_BRAIN_PASSWORD: "${passwords.brain}"`,
    'max_payload: 2MB',
  ];
  const users = readFileSync(USERS, 'utf8').replaceAll(/"[^"]*\bLOG_default_0\b[^"]*"/gu, (shipped) =>
    [shipped, ...ownProfiles.map((profile) => shipped.replace('LOG_default_0', `LOG_${profile}_0`))].join(', '),
  );
  return {
    config: [...variables, users].join('\n'),
    env: (service) => ({ ARQONBUS_NATS_USER: service, ARQONBUS_NATS_PASSWORD: passwords[service] }),
  };
}

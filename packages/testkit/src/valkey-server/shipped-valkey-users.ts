import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The shipped users of Valkey, with a password of this run, and what a Brain needs to be told of its own. */
export interface ShippedValkeyUsers {
  /** Lines of a file of users. */
  readonly users: string;
  readonly user: string;
  readonly password: string;
  /** The same, as settings. */
  readonly env: Readonly<Record<string, string>>;
}

const USERS = new URL('../../../../deploy/valkey/users.acl', import.meta.url);

/** `deploy/valkey/users.acl` as it is shipped (BRN-2), so that every Valkey of ours runs with the least rights. */
export function shippedValkeyUsers(): ShippedValkeyUsers {
  const password = randomBytes(18).toString('hex');
  const users = readFileSync(USERS, 'utf8').replaceAll('$VALKEY_BRAIN_PASSWORD', password);
  return { users, user: 'brain', password, env: { ARQONBUS_VALKEY_USER: 'brain', ARQONBUS_VALKEY_PASSWORD: password } };
}

import type { Literal } from '../literals/literal-set.ts';

/** Ends of names, in small letters, whose values are secrets if they look random. */
const ENDINGS = [
  'token',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'credential',
  'credentials',
  'apikey',
  'api_key',
  'api-key',
  'secretkey',
  'secret_key',
  'secret-key',
  'secretaccesskey',
  'accesskey',
  'access_key',
  'access-key',
  'privatekey',
  'private_key',
  'signingkey',
  'signing_key',
  'encryptionkey',
  'encryption_key',
  'accountkey',
  'account_key',
  'masterkey',
  'master_key',
  'authkey',
  'auth_key',
  'authorization',
  'secret_id',
] as const;

/** What such names end with in JSON. */
export const suspiciousLiterals: readonly Literal[] = ENDINGS.map((ending) => ({
  text: `${ending}"`,
  placement: 'anywhere',
}));

/** Names that end like those of secrets and are none. */
const HARMLESS = /(?:csrf|xsrf|page|next|sync|continuation|cursor|idempotency|resume)[_-]?token$/;

/** True for a name, in small letters, beside which a random-looking value is a secret. */
export function isSuspiciousName(name: string): boolean {
  return ENDINGS.some((ending) => name.endsWith(ending)) && !HARMLESS.test(name);
}

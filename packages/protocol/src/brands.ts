declare const brand: unique symbol;

/** A string that has passed the parser of its notion; a raw string does not compile in its place. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A tenant's name, after the name grammar (SPN-7). Comes from a verified token alone (AUT-4). */
export type TenantId = Branded<'TenantId'>;

/** `arq_` and 6 to 80 of `[A-Za-z0-9_-]`; the idempotency key of a publication. */
export type MessageId = Branded<'MessageId'>;

/** The id of a client, born at a Shield whose node id it begins with: `<node>_<random>`. */
export type ClientId = Branded<'ClientId'>;

/** `sub` of the token: 1 to 255 printable bytes (SPN-7). */
export type UserId = Branded<'UserId'>;

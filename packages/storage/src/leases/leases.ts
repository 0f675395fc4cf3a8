import type { TenantId } from '@arqonbus/protocol';

/** The right to do a piece of work of a tenant that must be done by one at a time. */
export interface Lease {
  /** `SYSTEM_TENANT` for work of the platform. */
  readonly tenant: TenantId;
  /** Which work. */
  readonly name: string;
  /** Fences off who had it before: higher than that of every lease that was given earlier (ARC-3). */
  readonly token: number;
}

/**
 * Leases with fencing tokens (ARC-3). A lease that has run out may be taken by another; who slept meanwhile still believes to
 * hold it, so whatever must not be done by two is written through {@link Leases.fenced} alone. `Context` is what a write
 * is made with. Throws `UNAVAILABLE` while the store cannot be used.
 */
export interface Leases<Context> {
  /**
   * Takes what nobody holds, or what has run out, for `ttlMs` by the store's clock. Undefined = somebody holds it, or is
   * just writing under it. `holder` is for people who look.
   */
  acquire(wanted: Pick<Lease, 'tenant' | 'name'>, holder: string, ttlMs: number): Promise<Lease | undefined>;
  /** Holds it for `ttlMs` from now, also where it has run out and nobody took it. False = it is another's, or gone. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  /** Gives it back; nothing where it is another's by now. */
  release(lease: Lease): Promise<void>;
  /**
   * Writes under the lease: nobody can take it before `write` has ended, and what it has written is undone where it throws
   * (in a store that can undo). Throws `CONFLICT` and does not call `write` where the lease is another's, or gone.
   */
  fenced<T>(lease: Lease, write: (context: Context) => Promise<T>): Promise<T>;
}

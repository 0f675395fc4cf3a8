import type { Limits } from '@arqonbus/protocol';
import type { KeyValueStore, RpcObserver } from '@arqonbus/spine';
import { createMemoryGrantStore } from '@arqonbus/storage';
import type { GrantStore } from '@arqonbus/storage';
import { serveGrants } from './index.ts';
import type { GrantChange, GrantsModule, GrantsParts } from './index.ts';

/** What keeping grants needs from around it. */
export interface ComposeGrantsOptions extends Pick<GrantsParts, 'spine' | 'audit' | 'clock' | 'nextGrantId'> {
  readonly keyValue: KeyValueStore;
  readonly limits: Limits;
  /** Default: the memory of this process. */
  readonly grants?: GrantStore;
  readonly logger?: { info(fields: Readonly<Record<string, unknown>>, text: string): void };
}

/** Puts the grants module together. */
export function composeGrants(options: ComposeGrantsOptions, observer: RpcObserver): GrantsModule {
  const parts = {
    ...options,
    pageBytes: options.limits.pageBytes,
    store: options.grants ?? createMemoryGrantStore(),
    bucket: options.keyValue.bucket('ARQON_GRANTS'),
    onChanged: createOnChanged(options.logger),
  };
  return serveGrants(parts, observer);
}

/** Whom a grant is for may be a person, and is not told at info (TEL-1). */
function createOnChanged(logger: ComposeGrantsOptions['logger']): (change: GrantChange) => void {
  return ({ kind, tenant, grant: { grantId, action, effect } }) =>
    logger?.info({ event: `grant_${kind}`, tenant, grant_id: grantId, action, effect }, 'a grant is changed');
}

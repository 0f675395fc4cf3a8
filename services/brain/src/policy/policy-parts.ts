import type { KeyValue, Spine } from '@arqonbus/spine';
import type { Audit } from '../audit/audit.ts';

/** What changing the policies of a tenant needs. */
export interface PolicyParts {
  readonly spine: Spine;
  /** `ARQON_POLICIES`, which every Shield watches. */
  readonly bucket: KeyValue;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly audit: Audit;
  /** Gets who changed what of whom. */
  readonly logger: { info(fields: Readonly<Record<string, unknown>>, text: string): void } | undefined;
}

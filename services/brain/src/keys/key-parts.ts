import { BusError } from '@arqonbus/protocol';
import { isApiKeyId } from '@arqonbus/auth';
import type { KeyValue, Spine } from '@arqonbus/spine';
import type { Audit } from '../audit/audit.ts';

/** What keeping keys needs. */
export interface KeyParts {
  readonly spine: Spine;
  /** `ARQON_KEYS`, which every Bridge watches. It is all that is kept of them, as it is of bans. */
  readonly bucket: KeyValue;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly fillRandom: (bytes: Uint8Array) => void;
  readonly audit: Audit;
  readonly pageBytes: number;
}

/** The id of a key in a request; throws `VALIDATION_ERROR` for anything else. */
export function parseKeyId(text: string): string {
  if (!isApiKeyId(text)) throw new BusError('VALIDATION_ERROR', 'The id of the key is malformed.');
  return text;
}

import type { WireFormat } from '@arqonbus/pipeline';
import type { ErrorCode } from '@arqonbus/protocol';
import type { Session } from './session.ts';

/**
 * A client refused after the upgrade: browsers cannot see an HTTP refusal, so it gets one `error` frame and a close
 * code (PRT-2).
 */
export interface RefusedPeer {
  readonly kind: 'refused';
  readonly format: WireFormat;
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the Shield keeps with a socket. */
export type Peer = Session | RefusedPeer;

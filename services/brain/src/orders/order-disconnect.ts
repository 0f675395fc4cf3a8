import type { TenantId } from '@arqonbus/protocol';
import { DisconnectOrderSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { ctl } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';

const ORDERS = ctl('disconnect');

/** Whose sessions end, and what they are told. */
export interface DisconnectOrderInit {
  readonly tenant: TenantId;
  /** One client; '' or absent where a user is named. */
  readonly clientId?: string;
  /** All sessions of a user. */
  readonly user?: string;
  /** `BANNED`, `QUOTA_EXCEEDED`, or '' = an operator said so. */
  readonly code?: string;
  readonly reason?: string;
  /** The generation as which the client was resumed: its older sessions end as replaced. */
  readonly replacedBy?: number;
}

/** Orders every Shield to end sessions (AUT-5). Throws `UNAVAILABLE` while the Spine cannot be used. */
export function orderDisconnect(spine: Spine, order: DisconnectOrderInit): void {
  spine.publish(ORDERS, toBinary(DisconnectOrderSchema, create(DisconnectOrderSchema, order)));
}

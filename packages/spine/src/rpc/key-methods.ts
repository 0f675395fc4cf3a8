import * as wire from '@arqonbus/protocol/spine-messages';
import type { Method } from './method.ts';

/** What the Brain is asked about the keys of servers (BRG-1); any replica answers. */
export interface KeyMethods {
  readonly 'keys.create': Method<wire.CreateKeyRequest, wire.CreateKeyResult>;
  readonly 'keys.list': Method<wire.ListKeysRequest, wire.ListKeysResult>;
  readonly 'keys.rotate': Method<wire.RotateKeyRequest, wire.RotateKeyResult>;
  readonly 'keys.revoke': Method<wire.RevokeKeyRequest, wire.RevokeKeyResult>;
  readonly 'keys.used': Method<wire.KeysUsedRequest, wire.KeysUsedResult>;
}

/** Their messages. */
export const keyMethods: KeyMethods = {
  'keys.create': { request: wire.CreateKeyRequestSchema, result: wire.CreateKeyResultSchema },
  'keys.list': { request: wire.ListKeysRequestSchema, result: wire.ListKeysResultSchema },
  'keys.rotate': { request: wire.RotateKeyRequestSchema, result: wire.RotateKeyResultSchema },
  'keys.revoke': { request: wire.RevokeKeyRequestSchema, result: wire.RevokeKeyResultSchema },
  'keys.used': { request: wire.KeysUsedRequestSchema, result: wire.KeysUsedResultSchema },
};

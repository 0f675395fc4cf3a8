import * as wire from '@arqonbus/protocol/spine-messages';
import type { Method } from './method.ts';

/** What the Brain is asked about the store (STO-1); any replica answers. */
export interface StoreMethods {
  readonly 'store.get': Method<wire.StoreGetRequest, wire.StoreGetResult>;
  readonly 'store.list': Method<wire.StoreListRequest, wire.StoreListResult>;
  readonly 'store.set': Method<wire.StoreSetRequest, wire.StoreChangeResult>;
  readonly 'store.increment': Method<wire.StoreIncrementRequest, wire.StoreChangeResult>;
  readonly 'store.delete': Method<wire.StoreDeleteRequest, wire.StoreChangeResult>;
  readonly 'store.changes': Method<wire.StoreChangesRequest, wire.StoreChangesResult>;
}

/** Their messages. */
export const storeMethods: StoreMethods = {
  'store.get': { request: wire.StoreGetRequestSchema, result: wire.StoreGetResultSchema },
  'store.list': { request: wire.StoreListRequestSchema, result: wire.StoreListResultSchema },
  'store.set': { request: wire.StoreSetRequestSchema, result: wire.StoreChangeResultSchema },
  'store.increment': { request: wire.StoreIncrementRequestSchema, result: wire.StoreChangeResultSchema },
  'store.delete': { request: wire.StoreDeleteRequestSchema, result: wire.StoreChangeResultSchema },
  'store.changes': { request: wire.StoreChangesRequestSchema, result: wire.StoreChangesResultSchema },
};

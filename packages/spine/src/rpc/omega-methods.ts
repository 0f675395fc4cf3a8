import * as wire from '@arqonbus/protocol/spine-messages';
import type { Method } from './method.ts';

/** What the Brain is asked about the Omega lane (OMG-1); any replica answers. */
export interface OmegaMethods {
  readonly 'omega.status': Method<wire.OmegaStatusRequest, wire.OmegaStatusResult>;
  readonly 'omega.register': Method<wire.RegisterSubstrateRequest, wire.RegisterSubstrateResult>;
  readonly 'omega.substrates': Method<wire.ListSubstratesRequest, wire.ListSubstratesResult>;
  readonly 'omega.unregister': Method<wire.UnregisterSubstrateRequest, wire.UnregisterSubstrateResult>;
  readonly 'omega.emit': Method<wire.EmitOmegaEventRequest, wire.EmitOmegaEventResult>;
  readonly 'omega.events': Method<wire.ListOmegaEventsRequest, wire.ListOmegaEventsResult>;
  readonly 'omega.clear': Method<wire.ClearOmegaEventsRequest, wire.ClearOmegaEventsResult>;
}

/** Their messages. */
export const omegaMethods: OmegaMethods = {
  'omega.status': { request: wire.OmegaStatusRequestSchema, result: wire.OmegaStatusResultSchema },
  'omega.register': { request: wire.RegisterSubstrateRequestSchema, result: wire.RegisterSubstrateResultSchema },
  'omega.substrates': { request: wire.ListSubstratesRequestSchema, result: wire.ListSubstratesResultSchema },
  'omega.unregister': { request: wire.UnregisterSubstrateRequestSchema, result: wire.UnregisterSubstrateResultSchema },
  'omega.emit': { request: wire.EmitOmegaEventRequestSchema, result: wire.EmitOmegaEventResultSchema },
  'omega.events': { request: wire.ListOmegaEventsRequestSchema, result: wire.ListOmegaEventsResultSchema },
  'omega.clear': { request: wire.ClearOmegaEventsRequestSchema, result: wire.ClearOmegaEventsResultSchema },
};

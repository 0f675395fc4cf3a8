import * as wire from '@arqonbus/protocol/spine-messages';
import type { Method } from './method.ts';

/** What the Brain is asked about the rules for content: CASIL, schemas, policies, mirroring, audit; any replica answers. */
export interface GovernanceMethods {
  readonly 'mirrors.put': Method<wire.PutMirrorRequest, wire.PutMirrorResult>;
  readonly 'mirrors.list': Method<wire.ListMirrorsRequest, wire.ListMirrorsResult>;
  readonly 'mirrors.delete': Method<wire.DeleteMirrorRequest, wire.DeleteMirrorResult>;
  readonly 'casil.reload': Method<wire.ReloadCasilRequest, wire.ReloadCasilResult>;
  readonly 'casil.reset': Method<wire.ResetCasilRequest, wire.ResetCasilResult>;
  readonly 'schemas.register': Method<wire.RegisterSchemaRequest, wire.RegisterSchemaResult>;
  readonly 'schemas.get': Method<wire.GetSchemaRequest, wire.GetSchemaResult>;
  readonly 'schemas.list': Method<wire.ListSchemasRequest, wire.ListSchemasResult>;
  readonly 'schemas.bind': Method<wire.BindSchemaRequest, wire.BindSchemaResult>;
  readonly 'schemas.unbind': Method<wire.UnbindSchemaRequest, wire.UnbindSchemaResult>;
  readonly 'schemas.delete': Method<wire.DeleteSchemaRequest, wire.DeleteSchemaResult>;
  readonly 'schemas.check': Method<wire.CheckSchemaRequest, wire.CheckSchemaResult>;
  readonly 'policy.put': Method<wire.PutPolicyRequest, wire.PutPolicyResult>;
  readonly 'policy.bind': Method<wire.BindPolicyRequest, wire.BindPolicyResult>;
  readonly 'policy.unbind': Method<wire.UnbindPolicyRequest, wire.UnbindPolicyResult>;
  readonly 'policy.delete': Method<wire.DeletePolicyRequest, wire.DeletePolicyResult>;
  readonly 'policy.dry_run': Method<wire.DryRunPolicyRequest, wire.DryRunPolicyResult>;
  readonly 'audit.list': Method<wire.ListAuditRequest, wire.ListAuditResult>;
  readonly 'audit.verify': Method<wire.VerifyAuditRequest, wire.VerifyAuditResult>;
  readonly 'audit.begin_replay': Method<wire.BeginReplayRequest, wire.BeginReplayResult>;
  readonly 'audit.end_replay': Method<wire.EndReplayRequest, wire.EndReplayResult>;
  readonly 'audit.refusals': Method<wire.TellRefusalsRequest, wire.TellRefusalsResult>;
}

/** Their messages. */
export const governanceMethods: GovernanceMethods = {
  'mirrors.put': { request: wire.PutMirrorRequestSchema, result: wire.PutMirrorResultSchema },
  'mirrors.list': { request: wire.ListMirrorsRequestSchema, result: wire.ListMirrorsResultSchema },
  'mirrors.delete': { request: wire.DeleteMirrorRequestSchema, result: wire.DeleteMirrorResultSchema },
  'casil.reload': { request: wire.ReloadCasilRequestSchema, result: wire.ReloadCasilResultSchema },
  'casil.reset': { request: wire.ResetCasilRequestSchema, result: wire.ResetCasilResultSchema },
  'schemas.register': { request: wire.RegisterSchemaRequestSchema, result: wire.RegisterSchemaResultSchema },
  'schemas.get': { request: wire.GetSchemaRequestSchema, result: wire.GetSchemaResultSchema },
  'schemas.list': { request: wire.ListSchemasRequestSchema, result: wire.ListSchemasResultSchema },
  'schemas.bind': { request: wire.BindSchemaRequestSchema, result: wire.BindSchemaResultSchema },
  'schemas.unbind': { request: wire.UnbindSchemaRequestSchema, result: wire.UnbindSchemaResultSchema },
  'schemas.delete': { request: wire.DeleteSchemaRequestSchema, result: wire.DeleteSchemaResultSchema },
  'schemas.check': { request: wire.CheckSchemaRequestSchema, result: wire.CheckSchemaResultSchema },
  'policy.put': { request: wire.PutPolicyRequestSchema, result: wire.PutPolicyResultSchema },
  'policy.bind': { request: wire.BindPolicyRequestSchema, result: wire.BindPolicyResultSchema },
  'policy.unbind': { request: wire.UnbindPolicyRequestSchema, result: wire.UnbindPolicyResultSchema },
  'policy.delete': { request: wire.DeletePolicyRequestSchema, result: wire.DeletePolicyResultSchema },
  'policy.dry_run': { request: wire.DryRunPolicyRequestSchema, result: wire.DryRunPolicyResultSchema },
  'audit.list': { request: wire.ListAuditRequestSchema, result: wire.ListAuditResultSchema },
  'audit.verify': { request: wire.VerifyAuditRequestSchema, result: wire.VerifyAuditResultSchema },
  'audit.begin_replay': { request: wire.BeginReplayRequestSchema, result: wire.BeginReplayResultSchema },
  'audit.end_replay': { request: wire.EndReplayRequestSchema, result: wire.EndReplayResultSchema },
  'audit.refusals': { request: wire.TellRefusalsRequestSchema, result: wire.TellRefusalsResultSchema },
};

import { createHash } from 'node:crypto';
import { BusError, compilePattern } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { MirrorRuleRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type {
  DeleteMirrorRequest,
  ListMirrorsRequest,
  MirrorRuleRecord,
  PutMirrorRequest,
} from '@arqonbus/protocol/spine-messages';
import { mirrorKey, serveBrain, tenantPrefix } from '@arqonbus/spine';
import type { KeyValue, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { Audit } from '../audit/audit.ts';
import { digestOf } from '../audit/audit-record.ts';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseRequester, parseTenant, parseTraceId } from '../requests/parse-request.ts';

/** What keeping the rules of mirroring needs. */
export interface MirrorParts {
  readonly spine: Spine;
  /** `ARQON_MIRRORS`, which every Shield watches. */
  readonly bucket: KeyValue;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly audit: Audit;
  readonly pageBytes: number;
}

/** Each is tried on the channels of a tenant, once for every channel. */
const MAX_RULES = 64;

/** Names of the fields and the times of one rule in a JSON frame. */
const FIELDS_BYTES = 140;

/** Serves `mirrors.put`, `list` and `delete`, which any Brain answers (MIR-1). Who may ask is for the asker to know. */
export function serveMirrors(parts: MirrorParts, observer: RpcObserver): readonly SpineSubscription[] {
  return [
    serveBrain(parts.spine, 'mirrors.put', (request) => put(request, parts), observer),
    serveBrain(parts.spine, 'mirrors.list', (request) => list(request, parts), observer),
    serveBrain(parts.spine, 'mirrors.delete', (request) => remove(request, parts), observer),
  ];
}

async function put(
  request: PutMirrorRequest,
  { bucket, now, audit }: MirrorParts,
): Promise<{ readonly ruleId: string }> {
  const { pattern, percent, requestedBy } = request;
  const tenant = parseTenant(request.tenant);
  const actor = parseRequester(requestedBy);
  if (compilePattern(pattern) === undefined) throw new BusError('VALIDATION_ERROR', 'The pattern is malformed.');
  if (!(percent >= 0 && percent <= 100)) throw new BusError('VALIDATION_ERROR', 'The percent is none.');
  const ruleId = ruleIdOf(pattern);
  const key = mirrorKey(tenant, ruleId);
  const known = await bucket.get(key);
  if (known === undefined) await checkQuota(bucket, tenant);
  const fields = { ruleId, pattern, percent, createdBy: requestedBy, createdAtMs: BigInt(now()) };
  const record = toBinary(MirrorRuleRecordSchema, create(MirrorRuleRecordSchema, fields));
  const action = {
    tenant,
    actor,
    action: 'op.mirror.put',
    target: `mirror:${ruleId}`,
    traceId: parseTraceId(request.traceId),
    before: digestOf(known?.value),
    after: digestOf(record),
    details: { pattern, percent },
  };
  // Of two that put one pattern at once, one is told `CONFLICT`: the trail says what stood before.
  await audit.run(action, () =>
    known === undefined ? bucket.create(key, record) : bucket.update(key, record, known.revision),
  );
  return { ruleId };
}

/** One rule a pattern, whoever puts it. */
function ruleIdOf(pattern: string): string {
  return `m_${createHash('sha256').update(pattern).digest('base64url').slice(0, 16)}`;
}

/** Two that come at once may exceed it by one, which harms nobody. */
async function checkQuota(bucket: KeyValue, tenant: TenantId): Promise<void> {
  const rules = await bucket.list(tenantPrefix(tenant));
  if (rules.length >= MAX_RULES) throw new BusError('QUOTA_EXCEEDED', `A tenant has at most ${MAX_RULES} rules.`);
}

async function list(
  request: ListMirrorsRequest,
  { bucket, pageBytes }: MirrorParts,
): Promise<{ readonly items: MirrorRuleRecord[]; readonly cursor: string }> {
  const entries = await bucket.list(tenantPrefix(parseTenant(request.tenant)));
  const rules = entries
    .map(({ value }) => fromBinary(MirrorRuleRecordSchema, value))
    .toSorted((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
  const sizeOf = ({ pattern, createdBy }: MirrorRuleRecord): number =>
    FIELDS_BYTES + jsonBytes(pattern) + jsonBytes(createdBy);
  return takePage(rules, request, { keyOf: ({ ruleId }) => ruleId, sizeOf, pageBytes });
}

async function remove(
  request: DeleteMirrorRequest,
  { bucket, audit }: MirrorParts,
): Promise<{ readonly deleted: boolean }> {
  const tenant = parseTenant(request.tenant);
  const actor = parseRequester(request.requestedBy);
  const known = await bucket.get(mirrorKey(tenant, request.ruleId));
  if (known === undefined) return { deleted: false };
  const action = {
    tenant,
    actor,
    action: 'op.mirror.delete',
    target: `mirror:${request.ruleId}`,
    traceId: parseTraceId(request.traceId),
    before: digestOf(known.value),
  };
  await audit.run(action, () => bucket.delete(known.key, known.revision));
  return { deleted: true };
}

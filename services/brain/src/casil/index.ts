import { createCasilPolicy, parseCasilChange } from '@arqonbus/casil';
import type { CasilChange, CasilSettings } from '@arqonbus/casil';
import { problemText } from '@arqonbus/config';
import type { Problem } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import { CasilRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ReloadCasilRequest, ResetCasilRequest } from '@arqonbus/protocol/spine-messages';
import { casilKey, serveBrain } from '@arqonbus/spine';
import type { KeyValue, KeyValueEntry, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { Audit, GovernanceAction } from '../audit/audit.ts';
import { digestOf } from '../audit/audit-record.ts';
import { parseRequester, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import { outcomeOfTry, replaceEntry } from '../requests/replace-entry.ts';

/** What changing a tenant's CASIL needs. */
export interface CasilParts {
  readonly spine: Spine;
  /** `ARQON_CASIL`, which every Shield watches. */
  readonly bucket: KeyValue;
  /** What holds where a tenant has changed nothing; read each time. */
  readonly configured: CasilSettings;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly audit: Audit;
  /** Gets who changed which settings of whom, and none of the values. */
  readonly logger: { info(fields: Readonly<Record<string, unknown>>, text: string): void } | undefined;
}

const MAX_RECORD_BYTES = 131_072;

/** Serves `casil.reload` and `casil.reset`, which any Brain answers (CAS-9). Who may ask is for the asker to know. */
export function serveCasil(parts: CasilParts, observer: RpcObserver): readonly SpineSubscription[] {
  return [
    serveBrain(parts.spine, 'casil.reload', (request) => reload(request, parts), observer),
    serveBrain(parts.spine, 'casil.reset', (request) => reset(request, parts), observer),
  ];
}

/**
 * Lays a change over what the tenant has changed before, checks the whole and stores it in one piece: either all of it is
 * in force everywhere, or nothing of it anywhere.
 */
async function reload(
  request: ReloadCasilRequest,
  parts: CasilParts,
): Promise<{ readonly settings: Uint8Array; readonly revision: bigint }> {
  const { bucket, configured, now, audit, logger } = parts;
  const action = actionOf('op.casil.reload', request);
  const change = parseObject(request.change);
  const key = casilKey(action.tenant);
  return replaceEntry(bucket, key, async ({ known, put }) => {
    const whole = { ...settingsOf(known), ...change };
    checkWhole(whole, configured);
    const settings = new TextEncoder().encode(JSON.stringify(whole));
    if (settings.length > MAX_RECORD_BYTES) throw new BusError('VALIDATION_ERROR', 'The settings are too many.');
    const changedBy = request.requestedBy;
    const fields = create(CasilRecordSchema, { settings, changedAtMs: BigInt(now()), changedBy });
    const record = toBinary(CasilRecordSchema, fields);
    const names = Object.keys(change).toSorted();
    const audited = {
      ...action,
      before: digestOf(known?.value),
      after: digestOf(record),
      // What is looked for may tell what is hidden: the names of the settings are enough.
      details: { settings: names.join(',') },
    };
    const revision = await audit.run(audited, () => put(record), outcomeOfTry(audited.before));
    if (revision === undefined) return undefined;
    logger?.info(
      { event: 'casil_changed', tenant: action.tenant, settings: names, changed_by: changedBy },
      'CASIL is changed',
    );
    return { settings, revision: BigInt(revision) };
  });
}

function actionOf(
  action: string,
  { tenant, requestedBy, traceId }: Pick<ReloadCasilRequest, 'tenant' | 'requestedBy' | 'traceId'>,
): GovernanceAction {
  return {
    tenant: parseTenant(tenant),
    actor: parseRequester(requestedBy),
    action,
    target: 'casil',
    traceId: parseTraceId(traceId),
  };
}

function checkWhole(change: CasilChange, configured: CasilSettings): void {
  const parsed = parseCasilChange(change);
  if (!parsed.ok) throw refusal(parsed.problems);
  const made = createCasilPolicy({ ...configured, ...parsed.change });
  if (!made.ok) throw refusal(made.problems);
}

function refusal(problems: readonly Problem[]): BusError {
  return new BusError('VALIDATION_ERROR', problems.map(problemText).join('; '));
}

/** What a tenant has changed; a record that cannot be read is as none, and is written anew. */
function settingsOf(known: KeyValueEntry | undefined): CasilChange {
  if (known === undefined) return {};
  try {
    return parseObject(fromBinary(CasilRecordSchema, known.value).settings);
  } catch {
    return {};
  }
}

function parseObject(bytes: Uint8Array): CasilChange {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new BusError('VALIDATION_ERROR', 'The change is no object.');
}

async function reset(
  request: ResetCasilRequest,
  { bucket, audit, logger }: CasilParts,
): Promise<{ readonly reset: boolean }> {
  const action = actionOf('op.casil.reset', request);
  const known = await bucket.get(casilKey(action.tenant));
  if (known === undefined) return { reset: false };
  await audit.run({ ...action, before: digestOf(known.value) }, () => bucket.delete(known.key));
  const about = { tenant: action.tenant, changed_by: request.requestedBy };
  logger?.info({ event: 'casil_reset', ...about }, 'CASIL is as configured again');
  return { reset: true };
}

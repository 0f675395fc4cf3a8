import { parseLiveValue, problemText } from '@arqonbus/config';
import type { Problem, SettingKey } from '@arqonbus/config';
import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import { SettingRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ResetSettingRequest, SetSettingRequest } from '@arqonbus/protocol/spine-messages';
import { serveBrain, settingKey } from '@arqonbus/spine';
import type { KeyValue, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { Audit, GovernanceAction } from '../audit/audit.ts';
import { digestOf } from '../audit/audit-record.ts';
import { parseText } from '../requests/parse-request.ts';

/** What changing settings at run time needs. */
export interface SettingsParts {
  readonly spine: Spine;
  /** `ARQON_SETTINGS`, which every Shield and Brain watches. */
  readonly bucket: KeyValue;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly audit: Audit;
  /** What is wrong with a change that its setting by itself would allow. */
  readonly check?: ((key: SettingKey, value: unknown) => Problem | undefined) | undefined;
  /** Gets every change; values of live settings are no secrets. */
  readonly logger: { info(fields: Readonly<Record<string, unknown>>, text: string): void } | undefined;
}

const MAX_NAME = 128;
const MAX_TRIES = 5;

/** Serves `settings.set` and `settings.reset`, which any Brain answers (CFG-1). Who may ask is for the asker to know. */
export function serveSettings(parts: SettingsParts, observer: RpcObserver): readonly SpineSubscription[] {
  return [
    serveBrain(parts.spine, 'settings.set', (request) => set(request, parts), observer),
    serveBrain(parts.spine, 'settings.reset', (request) => reset(request, parts), observer),
  ];
}

async function set(request: SetSettingRequest, { bucket, now, logger, audit, check }: SettingsParts): Promise<object> {
  const changedBy = parseText(request.changedBy, MAX_NAME, 'origin of the change');
  const parsed = parseLiveValue(request.key, request.value);
  const problem = parsed.ok ? check?.(parsed.key, parsed.value) : parsed.problem;
  if (!parsed.ok || problem !== undefined) {
    throw new BusError('VALIDATION_ERROR', problem === undefined ? undefined : problemText(problem));
  }
  const { value } = request;
  const record = toBinary(
    SettingRecordSchema,
    create(SettingRecordSchema, { value, changedAtMs: BigInt(now()), changedBy }),
  );
  const key = settingKey(parsed.key);
  const before = await bucket.get(key);
  const action = {
    ...actionOf('config.set', parsed.key, changedBy),
    before: digestOf(before?.value),
    after: digestOf(record),
    // Values of live settings are no secrets.
    details: { value },
  };
  await audit.run(action, () => put(bucket, key, record));
  logger?.info({ event: 'setting_changed', key: parsed.key, value, changed_by: changedBy }, 'a setting is changed');
  return {};
}

/** Settings are of the platform, and so is their chain. */
function actionOf(action: string, key: string, changedBy: string): GovernanceAction {
  return { tenant: SYSTEM_TENANT, actor: `operator:${changedBy}`, action, target: `setting:${key}` };
}

/** The last one wins, and nobody is refused for being a moment later. */
async function put(bucket: KeyValue, key: string, value: Uint8Array): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const known = await bucket.get(key);
    try {
      await (known === undefined ? bucket.create(key, value) : bucket.update(key, value, known.revision));
      return;
    } catch (error) {
      if (tries === MAX_TRIES || !(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    }
  }
}

async function reset(
  { key, changedBy: by }: ResetSettingRequest,
  { bucket, logger, audit }: SettingsParts,
): Promise<{ reset: boolean }> {
  const changedBy = parseText(by, MAX_NAME, 'origin of the change');
  // A key that only an older or newer version knows can be reset, too.
  if (!/^[a-z]+\.[a-z_]{1,64}$/.test(key))
    throw new BusError('VALIDATION_ERROR', 'The key of the setting is malformed.');
  const known = await bucket.get(settingKey(key));
  if (known === undefined) return { reset: false };
  const action = { ...actionOf('config.reset', key, changedBy), before: digestOf(known.value) };
  await audit.run(action, () => bucket.delete(known.key));
  logger?.info({ event: 'setting_reset', key, changed_by: changedBy }, 'a setting is as configured again');
  return { reset: true };
}

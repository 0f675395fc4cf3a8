import { parseLiveValue, problemText } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import { SettingRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { SetSettingRequest } from '@arqonbus/protocol/spine-messages';
import { serveBrain, settingKey } from '@arqonbus/spine';
import type { KeyValue, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { parseText } from '../requests/parse-request.ts';

/** What changing settings at run time needs. */
export interface SettingsParts {
  readonly spine: Spine;
  /** `ARQON_SETTINGS`, which every Shield and Brain watches. */
  readonly bucket: KeyValue;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  /** Gets every change; values of live settings are no secrets. */
  readonly logger: { info(fields: Readonly<Record<string, unknown>>, text: string): void } | undefined;
}

const MAX_NAME = 128;
const MAX_TRIES = 5;

/** Serves `settings.set` and `settings.reset`, which any Brain answers (CFG-1). Who may ask is for the asker to know. */
export function serveSettings(parts: SettingsParts, observer: RpcObserver): readonly SpineSubscription[] {
  return [
    serveBrain(parts.spine, 'settings.set', (request) => set(request, parts), observer),
    serveBrain(parts.spine, 'settings.reset', ({ key, changedBy }) => reset(key, changedBy, parts), observer),
  ];
}

async function set(request: SetSettingRequest, { bucket, now, logger }: SettingsParts): Promise<object> {
  const changedBy = parseText(request.changedBy, MAX_NAME, 'origin of the change');
  const parsed = parseLiveValue(request.key, request.value);
  if (!parsed.ok) throw new BusError('VALIDATION_ERROR', problemText(parsed.problem));
  const { value } = request;
  const record = create(SettingRecordSchema, { value, changedAtMs: BigInt(now()), changedBy });
  await put(bucket, settingKey(parsed.key), toBinary(SettingRecordSchema, record));
  logger?.info({ event: 'setting_changed', key: parsed.key, value, changed_by: changedBy }, 'a setting is changed');
  return {};
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

async function reset(key: string, by: string, { bucket, logger }: SettingsParts): Promise<{ reset: boolean }> {
  const changedBy = parseText(by, MAX_NAME, 'origin of the change');
  // A key that only an older or newer version knows can be reset, too.
  if (!/^[a-z]+\.[a-z_]{1,64}$/.test(key))
    throw new BusError('VALIDATION_ERROR', 'The key of the setting is malformed.');
  const known = await bucket.get(settingKey(key));
  if (known === undefined) return { reset: false };
  await bucket.delete(known.key);
  logger?.info({ event: 'setting_reset', key, changed_by: changedBy }, 'a setting is as configured again');
  return { reset: true };
}

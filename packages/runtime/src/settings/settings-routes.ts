import { configValue, liveKeys, settings } from '@arqonbus/config';
import type { LiveSettings, SettingKey } from '@arqonbus/config';
import { BusError, formatTime } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { OperatorAnswer, OperatorRequest } from '@arqonbus/telemetry';
import type { FollowedSettings } from './follow-settings.ts';

/** What the routes of settings need. */
export interface SettingsRoutesOptions {
  readonly spine: Spine;
  readonly live: LiveSettings;
  readonly followed: FollowedSettings;
}

/** Where the routes are. */
export const SETTINGS_PREFIX = '/settings';

/**
 * Answers `GET /settings`, and `GET`, `PUT` (`{"value": …}`) and `DELETE` of `/settings/<key>` (CFG-1). They are of the
 * whole platform, so who asks must have shown the operator's token. A change is done by a Brain; rejects with a `BusError`.
 */
export function createSettingsRoutes(
  options: SettingsRoutesOptions,
): (request: OperatorRequest) => Promise<OperatorAnswer> {
  return async (request) => {
    const { method, path } = request;
    const key = path.slice(SETTINGS_PREFIX.length + 1);
    if (key === '') {
      if (method !== 'GET') throw new BusError('VALIDATION_ERROR', 'Only GET is answered here.');
      return { status: 200, body: { settings: liveKeys.map((live) => describe(live, options)) } };
    }
    const known = liveKeys.find((live) => live === key);
    if (method === 'PUT') return change(key, valueOf(request.body), request, options);
    if (method === 'DELETE') return reset(key, request, options);
    if (method !== 'GET') throw new BusError('VALIDATION_ERROR', 'Only GET, PUT and DELETE are answered here.');
    if (known === undefined) throw new BusError('NOT_FOUND', `${keyText(key)} is no setting of run time.`);
    return { status: 200, body: describe(known, options) };
  };
}

async function change(
  key: string,
  value: string,
  { remoteAddress }: OperatorRequest,
  { spine }: SettingsRoutesOptions,
): Promise<OperatorAnswer> {
  await callBrain(spine, 'settings.set', { key, value, changedBy: remoteAddress }, deadlineIn(BRAIN_TIMEOUT_MS));
  return { status: 200, body: { key, value } };
}

async function reset(
  key: string,
  { remoteAddress }: OperatorRequest,
  { spine }: SettingsRoutesOptions,
): Promise<OperatorAnswer> {
  const result = await callBrain(
    spine,
    'settings.reset',
    { key, changedBy: remoteAddress },
    deadlineIn(BRAIN_TIMEOUT_MS),
  );
  return { status: 200, body: { key, reset: result.reset } };
}

/** The text of a value as the environment has it. */
function valueOf(body: string): string {
  const { value } = parseBody(body);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  // Maps and lists are written as JSON there, too.
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  throw new BusError('VALIDATION_ERROR', 'The body must be JSON such as {"value": 100}.');
}

function parseBody(body: string): { readonly value?: unknown } {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

function describe(key: SettingKey, { live, followed }: SettingsRoutesOptions): object {
  const record = followed.record(key);
  return {
    key,
    value: configValue(live.config, key),
    configured: live.configured(key),
    doc: settings[key].doc,
    ...(record === undefined
      ? {}
      : { changed_at: formatTime(Number(record.changedAtMs)), changed_by: record.changedBy }),
  };
}

/** A key may be anything that a path may hold. */
function keyText(key: string): string {
  return /^[a-z_.]{1,80}$/.test(key) ? key : 'This';
}

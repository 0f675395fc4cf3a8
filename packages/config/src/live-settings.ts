import { isName } from '@arqonbus/protocol';
import type { Config } from './config.ts';
import { configValue } from './config-value.ts';
import { toCamelCase } from './key-names.ts';
import { findUnknownProfiles } from './parse-config.ts';
import { parseValue } from './parse-value.ts';
import { checkArchive } from './preflight-archive.ts';
import type { Problem } from './problem.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';
import { suggest } from './suggest.ts';

/** A configuration with the settings that were changed at run time laid over it (CFG-1). */
export interface LiveSettings {
  /** What is in force. Live settings change in place: hold it, or a section of it, and read them each time. */
  readonly config: Config;
  /** Lays a value, as it would stand in the environment, over a setting. Says what is wrong, and changes nothing then. */
  set(key: string, text: string): Problem | undefined;
  /** Takes what was laid over a setting away; unknown keys have nothing. */
  reset(key: string): void;
  /** The value that configuration gives, whatever was laid over it. */
  configured(key: SettingKey): unknown;
  /** Whether a value was laid over it. */
  isChanged(key: SettingKey): boolean;
  /** Told of every key whose value is another one now. */
  onChange(listener: (key: SettingKey) => void): void;
}

/** A value for a live setting, or what is wrong with key or text. */
export type LiveValue =
  | { readonly ok: true; readonly key: SettingKey; readonly value: unknown }
  | { readonly ok: false; readonly problem: Problem };

/** Whether a setting may be changed at run time. */
export function isLive(setting: Setting): boolean {
  return 'live' in setting && setting.live;
}

/** The settings that may be changed at run time, in the order of the table. None of them is a secret. */
export const liveKeys: readonly SettingKey[] = (Object.keys(settings) as SettingKey[]).filter((key) =>
  isLive(settings[key]),
);

/** Reads a value that somebody wants to give a setting at run time; the same parser as for the environment. */
export function parseLiveValue(key: string, text: string): LiveValue {
  if (!Object.hasOwn(settings, key)) {
    const near = suggest(key, liveKeys);
    const fix = near === undefined ? {} : { fix: `did you mean ${near}?` };
    return { ok: false, problem: { key, problem: 'is no setting', ...fix } };
  }
  const known = key as SettingKey;
  if (!isLive(settings[known])) {
    const fix = 'change the environment or the file, and start the services again';
    return { ok: false, problem: { key, problem: 'cannot be changed at run time', fix } };
  }
  const parsed = parseValue(settings[known], text);
  if (parsed.ok) return { ok: true, key: known, value: parsed.value };
  return {
    ok: false,
    problem: { key, problem: parsed.problem, ...(parsed.fix === undefined ? {} : { fix: parsed.fix }) },
  };
}

/**
 * What is wrong with a change that each setting by itself would allow: what fits together is checked as a whole before it
 * is stored. Where it is followed it is not, since two changes may come in either order.
 */
export function checkChange(config: Pick<Config, 'log'>, key: SettingKey, value: unknown): Problem | undefined {
  const { log } = config;
  if (key === 'log.profiles' || key === 'log.rules') {
    const changed = { ...log, [key.slice('log.'.length)]: value };
    const [problem] = [...findUnknownProfiles(changed.profiles, changed.rules), ...checkArchive({ log: changed })];
    return problem;
  }
  if (key !== 'tenants.dedicated') return undefined;
  const wrong = (value as readonly string[]).find((tenant) => !isName(tenant));
  return wrong === undefined ? undefined : { key, problem: `names ${JSON.stringify(wrong)}, which can be no tenant` };
}

/** A copy of the configuration over which settings can be laid; nothing is yet. */
export function createLiveSettings(configured: Config): LiveSettings {
  const sections = Object.entries(configured).map(([name, members]) => [name, { ...members }] as const);
  const config = Object.fromEntries(sections) as unknown as Config;
  const changed = new Set<SettingKey>();
  const listeners: ((key: SettingKey) => void)[] = [];
  const put = (key: SettingKey, value: unknown): void => {
    if (configValue(config, key) === value) return;
    const [section = '', name = ''] = key.split('.');
    // Only here are the sections written to.
    const members = (config as unknown as Record<string, Record<string, unknown>>)[section];
    if (members !== undefined) members[toCamelCase(name)] = value;
    for (const listener of listeners) listener(key);
  };
  return {
    config,
    set: (key, text) => {
      const parsed = parseLiveValue(key, text);
      if (!parsed.ok) return parsed.problem;
      changed.add(parsed.key);
      put(parsed.key, parsed.value);
      return undefined;
    },
    reset: (key) => {
      if (changed.delete(key as SettingKey)) put(key as SettingKey, configValue(configured, key as SettingKey));
    },
    configured: (key) => configValue(configured, key),
    isChanged: (key) => changed.has(key),
    onChange: (listener) => void listeners.push(listener),
  };
}

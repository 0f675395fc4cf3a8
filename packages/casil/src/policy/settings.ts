import { casilSettings, toCamelCase } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';
import type { Action } from '../detectors/detector.ts';
import { defaultActions } from '../detectors/index.ts';

/** What CASIL does, as an operator sets it (CAS-1, CAS-5, CAS-13): the section `casil` of the configuration. */
export type CasilSettings = Config['casil'];

/** What the settings are where nobody has set any. */
export const DEFAULT_CASIL_SETTINGS: CasilSettings = Object.freeze(
  // The table that this walks is the one that the type is made of.
  Object.fromEntries(
    Object.entries(casilSettings).map(([key, setting]) => [toCamelCase(key.slice('casil.'.length)), setting.default]),
  ) as unknown as CasilSettings,
);

/** The action of every detector under these settings. */
export function actionsOf({ detectors, blockOnProbableSecret }: CasilSettings): ReadonlyMap<string, Action> {
  return new Map(
    Object.entries(defaultActions).map(([id, action]) => [
      id,
      detectors[id] ?? (action === 'block' && !blockOnProbableSecret ? 'redact' : action),
    ]),
  );
}

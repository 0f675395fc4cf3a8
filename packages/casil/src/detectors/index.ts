import { businessKeys } from './business-keys.ts';
import { cloudKeys } from './cloud-keys.ts';
import type { Action, Detector } from './detector.ts';
import { developerKeys } from './developer-keys.ts';
import { generalSecrets } from './general-secrets.ts';
import { numberShapes, personalData } from './personal-data.ts';

/** What the documentation and a policy say of a detector. */
export type DetectorEntry = Pick<Detector, 'id' | 'group' | 'severity' | 'title' | 'action'>;

/** Detectors that begin with a literal. */
export const literalDetectors: readonly Detector[] = [
  ...cloudKeys,
  ...developerKeys,
  ...businessKeys,
  ...generalSecrets,
  ...personalData,
];

/** What a value beside a suspicious name is found by. */
export const HIGH_ENTROPY: DetectorEntry = {
  id: 'high_entropy_value',
  group: 'secret',
  severity: 'medium',
  title: 'Random-looking value of a member such as `api_key` or `auth_token`',
  action: 'redact',
};

/** Every detector there is, by id. */
export const detectorTable: ReadonlyMap<string, DetectorEntry> = new Map(
  [...literalDetectors, HIGH_ENTROPY, ...numberShapes.map((shape) => ({ ...shape, group: 'pii' as const }))].map(
    ({ id, group, severity, title, action }) => [id, { id, group, severity, title, action }],
  ),
);

/** The actions that a policy begins with (CAS-13). */
export const defaultActions: Readonly<Record<string, Action>> = Object.fromEntries(
  [...detectorTable.values()].map(({ id, action }) => [id, action]),
);

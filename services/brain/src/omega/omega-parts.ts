import { BusError } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import type { Spine } from '@arqonbus/spine';
import type { OmegaStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import type { OmegaMetrics } from './omega-metrics.ts';

/** Whether the lane is on, its lab, and its bounds for each tenant. */
export interface OmegaSettings {
  readonly enabled: boolean;
  readonly labRoom: string;
  readonly labChannel: string;
  readonly maxEvents: number;
  readonly maxSubstrates: number;
  readonly eventsPerMinute: number;
}

/** What the Omega lane needs (OMG-1). */
export interface OmegaParts {
  readonly spine: Spine;
  readonly store: OmegaStore;
  readonly settings: OmegaSettings;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly pageBytes: number;
  readonly nextEventId: () => string;
  readonly metrics?: OmegaMetrics | undefined;
}

/** The lane where nothing is said of it: off. */
export const NO_OMEGA: OmegaSettings = {
  enabled: false,
  labRoom: 'omega-lab',
  labChannel: 'signals',
  maxEvents: 1_000,
  maxSubstrates: 128,
  eventsPerMinute: 600,
};

/** Throws `FEATURE_DISABLED` while the lane is off. */
export function requireOmega({ settings, metrics }: OmegaParts): void {
  if (settings.enabled) return;
  metrics?.refused('disabled');
  throw new BusError('FEATURE_DISABLED', 'The Omega lane is off (omega.enabled).');
}

/** Where events go, and nothing else does. */
export function labOf({ settings }: OmegaParts): { readonly room: string; readonly channel: string } {
  return { room: settings.labRoom, channel: settings.labChannel };
}

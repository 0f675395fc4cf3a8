import { createLiveSettings } from '@arqonbus/config';
import type { Config, LiveSettings } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import type { KeyValueStore, Spine } from '@arqonbus/spine';
import type { OperatorRoutes, RootLogger } from '@arqonbus/telemetry';
import { followSettings } from './follow-settings.ts';
import { SETTINGS_PREFIX, createSettingsRoutes } from './settings-routes.ts';

/** The settings of a process: configured, and changed at run time once the Spine is open (CFG-1). */
export interface ProcessSettings {
  readonly live: LiveSettings;
  /** For the admin port; `UNAVAILABLE` before the Spine is open. */
  readonly routes: OperatorRoutes;
  /** Follows what is changed at run time; resolves when what was changed before is in force. */
  open(parts: { readonly spine: Spine; readonly keyValue: KeyValueStore }): Promise<void>;
  stop(): void;
}

/** Settings as configured; nothing is followed yet. */
export function createProcessSettings(config: Config, logger: RootLogger): ProcessSettings {
  const live = createLiveSettings(config);
  let handle: OperatorRoutes['handle'] = () => Promise.reject(new BusError('UNAVAILABLE'));
  let stop = (): void => undefined;
  return {
    live,
    routes: { prefix: SETTINGS_PREFIX, token: config.http.adminToken, handle: (request) => handle(request) },
    open: async ({ spine, keyValue }) => {
      const followed = followSettings(keyValue.bucket('ARQON_SETTINGS'), live, logger);
      stop = followed.stop;
      await followed.ready;
      handle = createSettingsRoutes({ spine, live, followed });
    },
    stop: () => stop(),
  };
}

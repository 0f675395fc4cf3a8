import type { TlsPair } from '@arqonbus/config';
import type { ListenerHandlers, ListenerLimits } from '../listener.ts';
import type { UwsModule } from './load-uws.ts';
import { createUwsApp } from './uws-app.ts';
import type { UwsApp } from './uws-app.ts';

/**
 * The apps of one listener. The certificate of an app of the engine cannot be changed, so a new one needs a new app; the
 * old app keeps its connections, and goes when the last of them is gone.
 */
export interface UwsApps<D> {
  /** All that may have connections, the current one last. */
  list(): readonly UwsApp<D>[];
  /** The one that accepts, or will. */
  current(): UwsApp<D>;
  /** An app with this certificate, not yet in the list. Throws where the engine refuses it. */
  create(tls: TlsPair): UwsApp<D>;
  /** Makes it the current one. */
  moveTo(app: UwsApp<D>): void;
  /** Cuts every connection. */
  close(): void;
}

/** How often apps without connections are looked for; longer than the engine gives a handshake. */
const RETIRE_EVERY_MS = 15_000;

/** The apps of a new listener: one. */
export function createUwsApps<D>(
  uws: UwsModule,
  handlers: ListenerHandlers<D>,
  limits: ListenerLimits,
  tls: TlsPair | undefined,
): UwsApps<D> {
  let current = createUwsApp(uws, handlers, limits, tls);
  let apps: readonly UwsApp<D>[] = [current];
  let retiring: NodeJS.Timeout | undefined;
  const retire = (): void => {
    const idle = apps.filter((app) => app !== current && app.shared.sockets === 0);
    apps = apps.filter((app) => !idle.includes(app));
    for (const app of idle) app.native.close();
    if (apps.length === 1) clearInterval(retiring);
  };
  return {
    list: () => apps,
    current: () => current,
    create: (renewed) => createUwsApp(uws, handlers, limits, renewed),
    moveTo: (app) => {
      current = app;
      apps = [...apps, app];
      clearInterval(retiring);
      retiring = setInterval(retire, RETIRE_EVERY_MS).unref();
    },
    close: () => {
      clearInterval(retiring);
      for (const app of apps) app.native.close();
    },
  };
}

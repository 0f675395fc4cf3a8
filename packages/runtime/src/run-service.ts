import type { Logger } from '@arqonbus/telemetry';
import { endOnSignal } from './end-on-signal.ts';

/** A service as a process of its own. */
export interface Service {
  /** Resolves, with its addresses, once it can be used. Rejects where that can never be. */
  readonly started: Promise<object>;
  /** Ends everything in good order; also while it is still starting. */
  drain(): Promise<void>;
}

/** Runs a service until a signal ends it: prints its addresses as one line of JSON, or logs why it cannot start. */
export function runService(service: Service, logger: Logger): void {
  let isEnding = false;
  endOnSignal(() => {
    isEnding = true;
    return service.drain();
  });
  service.started.then(
    (addresses) => process.stdout.write(`${JSON.stringify(addresses)}\n`),
    (error: unknown) => {
      // Who ends it while it waits for the Spine has not made it fail.
      if (isEnding) return;
      logger.fatal({ event: 'start_failed', err: error }, 'the service cannot start');
      process.exit(1);
    },
  );
}

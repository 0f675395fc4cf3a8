import type { Clock, Limits } from '@arqonbus/protocol';
import { deadlineIn, publishAtEdge } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { createMemoryCronStore } from '@arqonbus/storage';
import type { CronStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import type { CronMetrics } from './cron-metrics.ts';
import { CronRunner, PUBLISH_MS } from './cron-runner.ts';
import { serveCron } from './index.ts';

/** What schedules need from around them. */
export interface ComposeCronOptions {
  readonly spine: Spine;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly limits: Limits;
  readonly nextJobId: () => string;
  /** Default: the memory of this process. */
  readonly cron?: CronStore | undefined;
  readonly cronMetrics?: CronMetrics | undefined;
  readonly onError: (error: unknown) => void;
  /** Runs the firing from time to time, until the returned function is called. Default: four times a second. */
  readonly startTimer?: ((run: () => void) => () => void) | undefined;
}

/** Schedules of all tenants, served and fired. */
export interface CronModule {
  readonly served: readonly SpineSubscription[];
  /** Fires what is due. A timer calls it too. */
  tick(): Promise<void>;
  /** Fires nothing more, and waits for what is under way. */
  close(): Promise<void>;
}

const TICK_MS = 250;

/** Puts the cron module together, and starts it. */
export function composeCron(options: ComposeCronOptions, observer: RpcObserver): CronModule {
  const {
    spine,
    clock,
    cron: store = createMemoryCronStore(() => clock.monotonicMs()),
    startTimer = fourTimesASecond,
  } = options;
  const runner = new CronRunner({
    store,
    publish: (ask) => publishAtEdge(spine, ask, deadlineIn(PUBLISH_MS)),
    clock,
    isConnected: () => spine.status() === 'connected',
    metrics: options.cronMetrics,
    onError: options.onError,
  });
  const served = serveCron({ ...options, store, pageBytes: options.limits.pageBytes }, observer);
  const stopTimer = startTimer(() => void runner.tick());
  return {
    served,
    tick: () => runner.tick(),
    close: () => {
      stopTimer();
      return runner.close();
    },
  };
}

function fourTimesASecond(run: () => void): () => void {
  const timer = setInterval(run, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { LogKeeper } from './log-keeper.ts';

/** Serves `log.regressed`, which any Brain answers (LOG-4): a Shield has seen more of a stream than it tells of. */
export function serveLog(spine: Spine, keeper: LogKeeper, observer: RpcObserver): readonly SpineSubscription[] {
  const serve = serveBrain(
    spine,
    'log.regressed',
    async ({ stream, generation, lastSeq }) => {
      await keeper.onRegressed(stream, generation, Number(lastSeq));
      return {};
    },
    observer,
  );
  return [serve];
}

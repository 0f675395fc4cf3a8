import { UNSERVED_REPLY } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';

/**
 * The Spine as the modules of a partition serve on it. Once it is not owned any more, nothing is answered from what was known
 * then: who stood still for longer than the lease has requests before it that came since, and missed what was told
 * meanwhile. Who asks is told to ask again; where several hear a request, this one is silent.
 */
export function whileOwned(spine: Spine, isOwned: () => boolean): Spine {
  return {
    publish: (subject, data) => spine.publish(subject, data),
    subscribe: (filter, onMessage) => spine.subscribe(filter, onMessage),
    request: (subject, data, timeoutMs, traceparent) => spine.request(subject, data, timeoutMs, traceparent),
    serve: (filter, handler, queue) => {
      const refusal = queue === undefined ? undefined : UNSERVED_REPLY;
      return spine.serve(filter, (...request) => (isOwned() ? handler(...request) : refusal), queue);
    },
    flush: () => spine.flush(),
    status: () => spine.status(),
    onStatus: (listener) => spine.onStatus(listener),
    close: () => spine.close(),
  };
}

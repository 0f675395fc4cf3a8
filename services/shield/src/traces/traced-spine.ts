import type { Spine } from '@arqonbus/spine';

/** The same Spine, whose requests carry this trace context (TEL-3). */
export function withTrace(spine: Spine, traceparent: string): Spine {
  return {
    publish: (subject, data) => spine.publish(subject, data),
    subscribe: (filter, onMessage) => spine.subscribe(filter, onMessage),
    request: (subject, data, timeoutMs) => spine.request(subject, data, timeoutMs, traceparent),
    serve: (filter, handler, queue) => spine.serve(filter, handler, queue),
    flush: () => spine.flush(),
    status: () => spine.status(),
    onStatus: (listener) => spine.onStatus(listener),
    close: () => spine.close(),
  };
}

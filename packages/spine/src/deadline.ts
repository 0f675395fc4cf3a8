/**
 * The deadline that lies so many milliseconds ahead: a time of this process's own monotonic clock, as
 * `performance.now()` tells it. It means nothing to another process; the adapters of the Spine translate it.
 */
export function deadlineIn(timeoutMs: number): number {
  return performance.now() + timeoutMs;
}

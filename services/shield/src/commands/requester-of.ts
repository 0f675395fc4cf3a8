import type { CommandCall } from './command-context.ts';
import { traceIdOf } from './trace-id.ts';

/** Who asks a Brain for something that leaves a trail, and what ties it to its command. */
export function requesterOf(
  { user }: CommandCall['session'],
  envelope: CommandCall['envelope'],
): { readonly requestedBy: string; readonly traceId: string } {
  return { requestedBy: user, traceId: traceIdOf(envelope) };
}

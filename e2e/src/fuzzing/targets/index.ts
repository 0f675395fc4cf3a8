import type { FuzzTarget } from '../fuzz-target.ts';
import { casilPayloads } from './casil-payloads.ts';
import { jsonFrames, protoFrames, spineEnvelopes } from './frames.ts';

/** Everything that is fuzzed without a bus around it. */
export const targets: readonly FuzzTarget[] = [jsonFrames, protoFrames, spineEnvelopes, casilPayloads];

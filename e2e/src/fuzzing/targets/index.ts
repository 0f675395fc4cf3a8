import type { FuzzTarget } from '../fuzz-target.ts';
import { casilPayloads } from './casil-payloads.ts';
import { jsonFrames, protoFrames, spineEnvelopes } from './frames.ts';
import { policyModules } from './policy-modules.ts';
import { descriptors, jsonSchemas, protobufPayloads } from './schemas.ts';

/** Everything that is fuzzed without a bus around it. */
export const targets: readonly FuzzTarget[] = [
  jsonFrames,
  protoFrames,
  spineEnvelopes,
  casilPayloads,
  jsonSchemas,
  descriptors,
  protobufPayloads,
  policyModules,
];

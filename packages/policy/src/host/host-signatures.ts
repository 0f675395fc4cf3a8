import { valueType } from '../binary/value-types.ts';
import type { FunctionType } from '../binary/value-types.ts';

/** The functions that a policy may call (WSM-4); all parameters and results are i32. */
const parameterCounts = {
  host_get_payload: 2,
  host_get_header: 4,
  host_get_claim: 4,
  host_get_context: 4,
  host_set_payload: 2,
  host_add_header: 4,
  host_log: 3,
  host_reject: 4,
} as const;

/** The name of a function of the host. */
export type HostFunctionName = keyof typeof parameterCounts;

/** `host_log` and `host_reject` give nothing. */
const silent: readonly string[] = ['host_log', 'host_reject'];

/** Their types, by name. */
export const hostSignatures: ReadonlyMap<string, FunctionType> = new Map(
  Object.entries(parameterCounts).map(([name, count]) => [
    name,
    {
      parameters: new Array<number>(count).fill(valueType.i32),
      results: silent.includes(name) ? [] : [valueType.i32],
    },
  ]),
);

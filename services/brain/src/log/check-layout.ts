import type { Config, Problem, SettingKey } from '@arqonbus/config';
import { layoutOf } from '@arqonbus/runtime';
import type { LogStreams } from '@arqonbus/spine';

/** What is wrong with a change of one of the log's settings, for the servers that would have to keep it (LOG-2). */
export function createLayoutCheck(
  streams: Pick<LogStreams, 'refusal'>,
  { log, tenants }: Pick<Config, 'log' | 'tenants'>,
): (key: SettingKey, value: unknown) => Problem | undefined {
  return (key, value) => {
    if (key !== 'log.profiles' && key !== 'log.rules') return undefined;
    // A setting's own parser has read the value.
    const changed =
      key === 'log.rules' ? { rules: value as typeof log.rules } : { profiles: value as typeof log.profiles };
    const problem = streams.refusal(layoutOf({ log: { ...log, ...changed }, tenants }));
    return problem === undefined ? undefined : { key, problem: `cannot be kept: ${problem}` };
  };
}

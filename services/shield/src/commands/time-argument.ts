import { parseTime } from '@arqonbus/protocol';
import { invalid } from './arguments.ts';

/** A time among the arguments, in ms since the epoch; undefined where it is not given. Refuses what is no RFC 3339. */
export function parseTimeArgument(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseTime(text);
  if (ms === undefined) throw invalid([{ field: `args.${name}`, problem: 'must be an RFC 3339 time' }]);
  return ms;
}

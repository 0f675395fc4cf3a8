import { isName } from '@arqonbus/protocol';
import type { Config } from './config.ts';
import type { Problem } from './problem.ts';

/** A channel that cannot be (CFG-4): nothing would ever be published there. */
export function checkContinuum({ continuum }: Pick<Config, 'continuum'>): readonly Problem[] {
  const [room = '', channel = '', ...rest] = continuum.channel.split(':');
  if (continuum.channel === '' || (isName(room) && isName(channel) && rest.length === 0)) return [];
  return [{ key: 'continuum.channel', problem: 'must be room:channel, or empty', fix: 'write continuum:episodes' }];
}

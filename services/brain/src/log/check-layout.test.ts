import { parseConfig } from '@arqonbus/config';
import type { Config } from '@arqonbus/config';
import type { LogLayout } from '@arqonbus/spine';
import { expect, it } from 'vitest';
import { createLayoutCheck } from './check-layout.ts';

function configOf(): Config {
  const parsed = parseConfig({ env: { ARQONBUS_LOG_SHARDS: '3' } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

it('[LOG-2] [CFG-1] a change that the servers could not keep is refused before it is stored', () => {
  const config = configOf();
  const asked: LogLayout[] = [];
  const refusal = (layout: LogLayout): string | undefined => {
    asked.push(layout);
    return layout.rules.some(({ profile }) => profile === 'durable') ? 'NATS 2.9.10 is too old.' : undefined;
  };
  const check = createLayoutCheck({ refusal }, config);
  const rules = [{ pattern: 'orders:*', profile: 'durable' }];
  expect(check('log.rules', rules)).toEqual({
    key: 'log.rules',
    problem: 'cannot be kept: NATS 2.9.10 is too old.',
  });
  expect(check('log.profiles', config.log.profiles)).toBeUndefined();
  expect(check('limits.history_page', 10)).toBeUndefined();
  expect(asked).toMatchObject([
    { rules, profiles: config.log.profiles, shards: 3 },
    { rules: config.log.rules, shards: 3 },
  ]);
});

import { readFileSync } from 'node:fs';
import type { NatsUser } from '@arqonbus/testkit';

const usersConf = readFileSync(new URL('../../../../deploy/nats/users.conf', import.meta.url), 'utf8');

/** The block of each user of NATS, as it is shipped. */
export function usersOfNats(): readonly (readonly [NatsUser, string])[] {
  return usersConf
    .split(/^\s+user: /m)
    .slice(1)
    .map((block) => [block.slice(0, block.indexOf('\n')) as NatsUser, block] as const);
}

/** What stands in quotes in a part of it. */
export function quoted(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]+)"/g)].map(([, subject = '']) => subject);
}

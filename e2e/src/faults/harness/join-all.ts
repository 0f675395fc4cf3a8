import { expect } from 'vitest';
import type { FollowedClient } from './followed-client.ts';

/**
 * Joins as an SDK does, which asks again: what the test before harmed may still be on its way back (a partition to a Brain, a
 * Shield to its log). Fails when one of them has not joined by `withinMs`.
 */
export async function joinAll(clients: readonly FollowedClient[], target: object, withinMs = 20_000): Promise<void> {
  for (const client of clients) {
    const join = async (): Promise<string> => (await client.command('join_channel', target)).code;
    await expect.poll(join, { timeout: withinMs }).toBe('ok');
  }
}

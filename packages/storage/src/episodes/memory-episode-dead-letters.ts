import type { TenantId } from '@arqonbus/protocol';
import type { EpisodeDeadLetter, EpisodeDeadLetters } from './episode-dead-letters.ts';

/** Dead letters in the memory of this process. */
export function createMemoryEpisodeDeadLetters(): EpisodeDeadLetters {
  const tenants = new Map<TenantId, Map<string, EpisodeDeadLetter>>();
  const of = (tenant: TenantId): Map<string, EpisodeDeadLetter> => {
    const known = tenants.get(tenant) ?? new Map<string, EpisodeDeadLetter>();
    tenants.set(tenant, known);
    return known;
  };
  const sorted = (tenant: TenantId): EpisodeDeadLetter[] =>
    [...of(tenant).values()].toSorted((a, b) => (a.letterId < b.letterId ? -1 : 1));
  return {
    add: async (tenant, added, keep) => {
      const letters = of(tenant);
      for (const letter of added) if (!letters.has(letter.letterId)) letters.set(letter.letterId, letter);
      const gone = sorted(tenant).slice(0, Math.max(0, letters.size - keep));
      for (const { letterId } of gone) letters.delete(letterId);
      return gone.length;
    },
    list: async (tenant, { after, limit }) =>
      sorted(tenant)
        .filter(({ letterId }) => letterId > after)
        .slice(0, limit),
    get: async (tenant, letterId) => of(tenant).get(letterId),
    remove: async (tenant, letterIds) => {
      for (const letterId of letterIds) of(tenant).delete(letterId);
    },
    count: async (tenant) => of(tenant).size,
  };
}

import type { TenantId } from '@arqonbus/protocol';
import type { ValkeyLink } from '../valkey/valkey-link.ts';
import { createScript } from '../valkey/valkey-script.ts';
import { KEPT_MS, MARK_MS } from './entry-cache.ts';
import type { EntryCache } from './entry-cache.ts';
import type { EntryPlace, StoredEntry } from './entry-store.ts';

// A key holds `v` and a copy, `l` and a lease, or `w` and how many changes are being made. All of them go by themselves.

/** Gives what is there, and leaves a lease where that is nothing. Values: the lease, how long it holds. */
const lookScript = createScript(
  '',
  `
local known = redis.call('GET', KEYS[1])
if not known then redis.call('SET', KEYS[1], 'l' .. ARGV[1], 'PX', ARGV[2]) end
return known`,
);

/** Values: the lease, the copy, how long it is kept. */
const fillScript = createScript(
  '',
  `
if redis.call('GET', KEYS[1]) == 'l' .. ARGV[1] then redis.call('SET', KEYS[1], 'v' .. ARGV[2], 'PX', ARGV[3]) end
return 1`,
);

/** Value: how long the mark holds. Also where memory is full: a change must not be hidden by what is there. */
const beginScript = createScript(
  'allow-oom',
  `
local marks = tonumber(string.match(redis.call('GET', KEYS[1]) or '', '^w(%d+)$')) or 0
redis.call('SET', KEYS[1], 'w' .. (marks + 1), 'PX', ARGV[1])
return 1`,
);

const finishScript = createScript(
  'allow-oom',
  `
local marks = tonumber(string.match(redis.call('GET', KEYS[1]) or '', '^w(%d+)$')) or 0
if marks > 1 then redis.call('SET', KEYS[1], 'w' .. (marks - 1), 'PX', ARGV[1]) else redis.call('PEXPIRE', KEYS[1], 0) end
return 1`,
);

/** A cache of entries in Valkey; every call is one script. */
export function createValkeyEntryCache(link: Pick<ValkeyLink, 'run'>): EntryCache {
  return {
    look: async (tenant, place, lease) => {
      const known = (await link.run(lookScript, [keyOf(tenant, place)], [lease, MARK_MS])) as Buffer | null;
      if (known === null) return { kind: 'empty' };
      const text = known.toString('utf8');
      return text.startsWith('v') ? { kind: 'found', entry: entryOf(place, text.slice(1)) } : { kind: 'busy' };
    },
    fill: async (tenant, entry, lease) => {
      await link.run(fillScript, [keyOf(tenant, entry)], [lease, textOf(entry), KEPT_MS]);
    },
    begin: async (tenant, place) => {
      await link.run(beginScript, [keyOf(tenant, place)], [MARK_MS]);
    },
    finish: async (tenant, place) => {
      await link.run(finishScript, [keyOf(tenant, place)], [MARK_MS]);
    },
  };
}

/** No namespace holds a colon, so no two places share a key. */
function keyOf(tenant: TenantId, { namespace, key }: EntryPlace): string {
  return `arqon:{${tenant}}:store:${namespace}:${key}`;
}

function textOf({ version, value, expiresAtMs }: StoredEntry): string {
  return JSON.stringify({ version, value, expiresAtMs });
}

function entryOf({ namespace, key }: EntryPlace, text: string): StoredEntry {
  const { version, value, expiresAtMs } = JSON.parse(text) as Pick<StoredEntry, 'version' | 'value' | 'expiresAtMs'>;
  return { namespace, key, version, value, expiresAtMs };
}

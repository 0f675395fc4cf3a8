import type { TenantId } from '@arqonbus/protocol';
import type { ValkeyLink } from '../valkey/valkey-link.ts';
import {
  addEventScript,
  clearEventsScript,
  eventsScript,
  figuresScript,
  putSubstrateScript,
  removeSubstrateScript,
  substratesScript,
  takeBackScript,
} from './omega-scripts.ts';
import { OMEGA_WINDOW_MS } from './omega-store.ts';
import type {
  OmegaAddOutcome,
  OmegaEvent,
  OmegaEventLimits,
  OmegaFilter,
  OmegaPage,
  OmegaQuery,
  OmegaStore,
  OmegaSubstrate,
} from './omega-store.ts';

/** The state of the lane in Valkey: every change is one script, and all keys of a tenant lie in one slot (BRN-2). */
export function createValkeyOmegaStore(link: Pick<ValkeyLink, 'run'>): OmegaStore {
  return {
    figures: async (tenant) => {
      const counts = await link.run(figuresScript, [substratesKey(tenant), eventsKey(tenant)], []);
      const [substrates = 0, events = 0] = counts as readonly number[];
      return { substrates, events };
    },
    putSubstrate: async (tenant, substrate, max) => {
      const values = [substrate.substrateId, JSON.stringify(substrate), max];
      return (await link.run(putSubstrateScript, [substratesKey(tenant)], values)) === 1;
    },
    substrates: async (tenant) => {
      const records = (await link.run(substratesScript, [substratesKey(tenant)], [])) as readonly Buffer[];
      const known = records.map((record) => JSON.parse(String(record)) as OmegaSubstrate);
      return known.toSorted((a, b) => (a.substrateId < b.substrateId ? -1 : 1));
    },
    removeSubstrate: async (tenant, substrateId) =>
      (await link.run(removeSubstrateScript, [substratesKey(tenant)], [substrateId])) === 1,
    addEvent: (tenant, event, limits) => addEvent(link, tenant, event, limits),
    takeBack: async (tenant, position) => void (await link.run(takeBackScript, [eventsKey(tenant)], [position])),
    events: (tenant, query) => findEvents(link, tenant, query),
    clearEvents: (tenant, filter) => clearEvents(link, tenant, filter),
  };
}

type Link = Pick<ValkeyLink, 'run'>;

async function addEvent(
  link: Link,
  tenant: TenantId,
  event: OmegaEvent,
  { maxEvents, maxPerMinute }: OmegaEventLimits,
): Promise<OmegaAddOutcome> {
  const keys = [substratesKey(tenant), eventsKey(tenant), `${prefixOf(tenant)}:emitted`];
  const { substrateId, signal } = event;
  const values = [substrateId, signal, JSON.stringify(event), maxEvents, maxPerMinute, OMEGA_WINDOW_MS];
  const [kind, detail] = ((await link.run(addEventScript, keys, values)) as readonly Buffer[]).map(String);
  switch (kind) {
    case 'added':
      return { kind, position: detail ?? '' };
    case 'limited':
      return { kind, retryAfterMs: Number(detail) };
    default:
      return { kind: 'no_substrate' };
  }
}

/** One run looks at so many; where none of them fits, the next one goes on. */
async function findEvents(
  link: Link,
  tenant: TenantId,
  { substrateId, signal, before, limit, maxBytes }: OmegaQuery,
): Promise<OmegaPage> {
  for (let from = before; ;) {
    const values = [substrateId, signal, from, limit, maxBytes];
    const answer = await link.run(eventsScript, [eventsKey(tenant)], values);
    const [next, records] = answer as readonly [Buffer, readonly Buffer[]];
    from = String(next);
    if (records.length > 0 || from === '') {
      return { events: records.map((record) => JSON.parse(String(record)) as OmegaEvent), next: from };
    }
  }
}

async function clearEvents(
  link: Link,
  tenant: TenantId,
  { substrateId, signal }: OmegaFilter,
): Promise<{ readonly removed: number; readonly remaining: number }> {
  let removed = 0;
  for (let after = ''; ;) {
    const answer = await link.run(clearEventsScript, [eventsKey(tenant)], [substrateId, signal, after]);
    const [next, gone, remaining] = answer as readonly [Buffer, number, number];
    removed += gone;
    after = String(next);
    if (after === '') return { removed, remaining };
  }
}

function prefixOf(tenant: TenantId): string {
  return `arqon:{${tenant}}:omega`;
}

function substratesKey(tenant: TenantId): string {
  return `${prefixOf(tenant)}:substrates`;
}

function eventsKey(tenant: TenantId): string {
  return `${prefixOf(tenant)}:events`;
}

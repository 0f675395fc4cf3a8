import type { TenantId } from '@arqonbus/protocol';
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

/** The state of the lane in the memory of this process: for development, and gone with it. `monotonicMs` bounds a minute. */
export function createMemoryOmegaStore(monotonicMs: () => number): OmegaStore {
  const tenants = new Map<TenantId, TenantLane>();
  const of = (tenant: TenantId): TenantLane => {
    const known = tenants.get(tenant) ?? new TenantLane(monotonicMs);
    tenants.set(tenant, known);
    return known;
  };
  return {
    figures: async (tenant) => of(tenant).figures(),
    putSubstrate: async (tenant, substrate, max) => of(tenant).putSubstrate(substrate, max),
    substrates: async (tenant) => of(tenant).substrates(),
    removeSubstrate: async (tenant, substrateId) => of(tenant).removeSubstrate(substrateId),
    addEvent: async (tenant, event, limits) => of(tenant).addEvent(event, limits),
    takeBack: async (tenant, position) => of(tenant).takeBack(position),
    events: async (tenant, query) => of(tenant).events(query),
    clearEvents: async (tenant, filter) => of(tenant).clearEvents(filter),
  };
}

interface PlacedEvent {
  readonly position: number;
  readonly event: OmegaEvent;
}

class TenantLane {
  readonly #monotonicMs: () => number;
  readonly #substrates = new Map<string, OmegaSubstrate>();
  /** Oldest first. */
  #events: readonly PlacedEvent[] = [];
  #lastPosition = 0;
  #window = { endsAtMs: 0, used: 0 };

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  figures(): { readonly substrates: number; readonly events: number } {
    return { substrates: this.#substrates.size, events: this.#events.length };
  }

  putSubstrate(substrate: OmegaSubstrate, max: number): boolean {
    const isNew = !this.#substrates.has(substrate.substrateId);
    if (isNew && this.#substrates.size >= max) return false;
    this.#substrates.set(substrate.substrateId, substrate);
    return true;
  }

  substrates(): readonly OmegaSubstrate[] {
    return [...this.#substrates.values()].toSorted((a, b) => (a.substrateId < b.substrateId ? -1 : 1));
  }

  removeSubstrate(substrateId: string): boolean {
    return this.#substrates.delete(substrateId);
  }

  addEvent(event: OmegaEvent, { maxEvents, maxPerMinute }: OmegaEventLimits): OmegaAddOutcome {
    if (!this.#substrates.has(event.substrateId)) return { kind: 'no_substrate' };
    const nowMs = this.#monotonicMs();
    if (this.#window.endsAtMs <= nowMs) this.#window = { endsAtMs: nowMs + OMEGA_WINDOW_MS, used: 0 };
    if (this.#window.used >= maxPerMinute) return { kind: 'limited', retryAfterMs: this.#window.endsAtMs - nowMs };
    this.#window.used += 1;
    this.#lastPosition += 1;
    this.#events = [...this.#events, { position: this.#lastPosition, event }].slice(-maxEvents);
    return { kind: 'added', position: String(this.#lastPosition) };
  }

  takeBack(position: string): void {
    this.#events = this.#events.filter((placed) => String(placed.position) !== position);
  }

  events({ before, limit, maxBytes, ...filter }: OmegaQuery): OmegaPage {
    const older = this.#events.filter((placed) => before === '' || placed.position < Number(before));
    const fitting = older.filter(({ event }) => isMeant(event, filter)).toReversed();
    let bytes = 0;
    const end = fitting.findIndex(({ event }, index) => {
      bytes += Buffer.byteLength(JSON.stringify(event));
      return index === limit || (index > 0 && bytes > maxBytes);
    });
    const page = end === -1 ? fitting : fitting.slice(0, end);
    return { events: page.map(({ event }) => event), next: end === -1 ? '' : String(page.at(-1)?.position) };
  }

  clearEvents(filter: OmegaFilter): { readonly removed: number; readonly remaining: number } {
    const left = this.#events.filter(({ event }) => !isMeant(event, filter));
    const removed = this.#events.length - left.length;
    this.#events = left;
    return { removed, remaining: left.length };
  }
}

function isMeant(event: OmegaEvent, { substrateId, signal }: OmegaFilter): boolean {
  return (substrateId === '' || event.substrateId === substrateId) && (signal === '' || event.signal === signal);
}

import type { TenantUsage } from '@arqonbus/protocol/spine-messages';

/** A Shield that has said nothing of a tenant for so long has none of it any more. */
const FORGET_MS = 3_000;

/** What a Shield was asked for, per second. */
export interface Demand {
  readonly messages: number;
  readonly bytes: number;
}

/** What each Shield is asked for by the tenants of one partition. */
export class TenantDemands {
  readonly #monotonicMs: () => number;
  readonly #tenants = new Map<string, Map<string, Demand & { readonly atMs: number }>>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Notes what a Shield tells; true = it told nothing of this tenant before, so the others' shares change. */
  note(node: string, { tenant, messages, bytes }: TenantUsage): boolean {
    const nodes = this.#tenants.get(tenant) ?? new Map<string, Demand & { readonly atMs: number }>();
    this.#tenants.set(tenant, nodes);
    const isNew = !nodes.has(node);
    nodes.set(node, { messages: sane(messages), bytes: sane(bytes), atMs: this.#monotonicMs() });
    return isNew;
  }

  /** By Shield. */
  of(tenant: string): ReadonlyMap<string, Demand> {
    return this.#tenants.get(tenant) ?? new Map<string, Demand>();
  }

  /** Forgets what is old. */
  sweep(): void {
    const endMs = this.#monotonicMs() - FORGET_MS;
    for (const [tenant, nodes] of this.#tenants) {
      for (const [node, { atMs }] of nodes) if (atMs <= endMs) nodes.delete(node);
      if (nodes.size === 0) this.#tenants.delete(tenant);
    }
  }
}

/** A number that adds up with others, whatever came. */
function sane(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

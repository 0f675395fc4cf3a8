import type { Decision } from '@arqonbus/casil';
import type { TenantId } from '@arqonbus/protocol';

/** What was decided in a tenant within a minute, as `casil_summary` tells it (CAS-10). */
export interface CasilSummary {
  readonly inspected: number;
  readonly allowed: number;
  readonly redacted: number;
  readonly blocked: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** The channels in which most was found, most first. */
  readonly top_channels: readonly { readonly channel: string; readonly findings: number }[];
}

/** Sums of decisions by tenant. */
export interface CasilSummaries {
  add(tenant: TenantId, channel: string, decision: Decision): void;
  /** Gives the sums of all tenants of which there are any, and begins anew. */
  take(): readonly (readonly [TenantId, CasilSummary])[];
}

interface Sums {
  inspected: number;
  redacted: number;
  blocked: number;
  readonly reasons: Map<string, number>;
  readonly channels: Map<string, number>;
}

const MAX_TENANTS = 10_000;
const MAX_CHANNELS = 1_000;
const TOP_CHANNELS = 10;

/** Sums that hold no more than so many tenants and channels: beyond, a minute's summary tells of fewer. */
export function createCasilSummaries(): CasilSummaries {
  let tenants = new Map<TenantId, Sums>();
  return {
    add: (tenant, channel, { outcome, reason, findings }) => {
      const sums = tenants.get(tenant) ?? open(tenants, tenant);
      if (sums === undefined) return;
      sums.inspected += 1;
      if (outcome === 'BLOCK') sums.blocked += 1;
      else if (outcome === 'ALLOW_WITH_REDACTION') sums.redacted += 1;
      sums.reasons.set(reason, (sums.reasons.get(reason) ?? 0) + 1);
      if (findings.length === 0 || channel === '') return;
      const known = sums.channels.get(channel);
      if (known !== undefined || sums.channels.size < MAX_CHANNELS)
        sums.channels.set(channel, (known ?? 0) + findings.length);
    },
    take: () => {
      const taken = [...tenants].map(([tenant, sums]) => [tenant, summaryOf(sums)] as const);
      tenants = new Map();
      return taken;
    },
  };
}

function open(tenants: Map<TenantId, Sums>, tenant: TenantId): Sums | undefined {
  if (tenants.size >= MAX_TENANTS) return undefined;
  const sums: Sums = { inspected: 0, redacted: 0, blocked: 0, reasons: new Map(), channels: new Map() };
  tenants.set(tenant, sums);
  return sums;
}

function summaryOf({ inspected, redacted, blocked, reasons, channels }: Sums): CasilSummary {
  const top = [...channels].toSorted((a, b) => b[1] - a[1]).slice(0, TOP_CHANNELS);
  return {
    inspected,
    allowed: inspected - redacted - blocked,
    redacted,
    blocked,
    reasons: Object.fromEntries(reasons),
    top_channels: top.map(([channel, findings]) => ({ channel, findings })),
  };
}

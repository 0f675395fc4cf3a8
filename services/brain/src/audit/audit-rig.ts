import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { createMemoryAuditTrail, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { AuditTrail, TrailEntry } from '@arqonbus/spine';
import type { AuditCopy } from '@arqonbus/storage';
import { Audit } from './audit.ts';
import { AuditChain } from './audit-chain.ts';
import type { AuditEntry } from './audit-record.ts';
import { Checkpoints } from './checkpoints.ts';
import { verifyPart } from './verify-chain.ts';
import type { VerifiedPart } from './verify-chain.ts';

/** A tenant with a name that subjects and keys write otherwise. */
export const acme: TenantId = 'acme-corp.eu' as TenantId;

const START_MS = 1_750_000_000_000;
const TRAIL_BYTES = 16_777_216;

/** A trail that a test can tamper with, as nobody can who uses the port. */
export interface AuditRig {
  readonly trail: AuditTrail;
  readonly checkpoints: Checkpoints;
  /** Undefined unless a test sets it. */
  copy: AuditCopy | undefined;
  readonly audit: Audit;
  /** Another Brain's writer to the same trail. */
  readonly rival: AuditChain;
  /** What the trail tells of every chain from now on. */
  tamper(change: (entries: readonly TrailEntry[]) => readonly TrailEntry[]): void;
  /** While set, the trail refuses every append. */
  failure: BusError | undefined;
  /** Called before every append; what it appends itself comes first. */
  onAppend: () => Promise<void>;
  readonly lost: AuditEntry[];
  readonly errors: unknown[];
  counts(): { readonly recorded: readonly string[]; readonly refused: number; readonly lost: number };
  /** Verifies a whole chain; the parts together. */
  verify(tenant?: TenantId): Promise<VerifiedPart>;
}

/** A trail with a writer, in memory. */
export function createAuditRig(): AuditRig {
  const stored = createMemoryAuditTrail({ maxBytes: TRAIL_BYTES });
  let change = (entries: readonly TrailEntry[]): readonly TrailEntry[] => entries;
  const counts = { recorded: [] as string[], refused: 0, lost: 0 };
  const trail: AuditTrail = {
    async append(tenant, data, expectedPosition) {
      if (rig.failure !== undefined) throw rig.failure;
      await rig.onAppend();
      return stored.append(tenant, data, expectedPosition);
    },
    head: (tenant) => stored.head(tenant),
    async read(tenant, { afterPosition, limit }) {
      const all = await stored.read(tenant, { afterPosition: 0, limit: 100_000, maxBytes: TRAIL_BYTES });
      return change(all)
        .filter(({ position }) => position > afterPosition)
        .slice(0, limit);
    },
  };
  let nowMs = START_MS;
  const now = (): number => (nowMs += 1_000);
  const checkpoints = new Checkpoints(createMemoryKeyValueStore().bucket('ARQON_AUDIT'), now);
  const errors: unknown[] = [];
  const lost: AuditEntry[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const onAppended = (): void => undefined;
  const chain = new AuditChain({ trail, checkpoints, now, onAppended, onError });
  const rig: AuditRig = {
    trail,
    checkpoints,
    copy: undefined,
    audit: new Audit({
      chain,
      metrics: {
        recorded: (phase) => void counts.recorded.push(phase),
        refused: () => void (counts.refused += 1),
        lostOutcome: () => void (counts.lost += 1),
        copied: () => undefined,
      },
      onLostOutcome: (entry) => void lost.push(entry),
    }),
    rival: new AuditChain({ trail: stored, checkpoints, now, onAppended, onError }),
    tamper: (next) => void (change = next),
    failure: undefined,
    onAppend: async () => undefined,
    lost,
    errors,
    counts: () => counts,
    verify: async (tenant = acme) => {
      let part = await verifyPart(rig, tenant, '');
      let { checked, compared } = part;
      while (part.cursor !== '') {
        part = await verifyPart(rig, tenant, part.cursor);
        checked += part.checked;
        compared += part.compared;
      }
      return { ...part, checked, compared };
    },
  };
  return rig;
}

/** A refusal of the trail. */
export function unavailable(): BusError {
  return new BusError('UNAVAILABLE');
}

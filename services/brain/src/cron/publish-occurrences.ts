import { BusError, errorTable, formatTime } from '@arqonbus/protocol';
import type { MessageId, TenantId } from '@arqonbus/protocol';
import { IdentitySchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { MAX_EDGE_BYTES, MAX_EDGE_MESSAGES } from '@arqonbus/spine';
import type { EdgeAsk, EdgeMessage, EdgeOutcome } from '@arqonbus/spine';
import type { ClaimedRun, RunEnd } from '@arqonbus/storage';

/** Publishes at the edge: `publishAtEdge` with a Spine and a deadline. */
export type PublishAtEdge = (ask: EdgeAsk) => Promise<readonly EdgeOutcome[]>;

/** What receivers see as the sender (CRN-3). */
export const CRON_SENDER = 'op-cron';

/** Bytes beside the payload, at most. */
const ENVELOPE_BYTES = 1_024;

/** Occurrences that may go in one request: of one owner with one set of rights, and small enough together. */
export function batchesOf(runs: readonly ClaimedRun[]): readonly (readonly ClaimedRun[])[] {
  const byOwner = new Map<string, ClaimedRun[][]>();
  for (const run of runs) {
    const key = Buffer.from(run.job.principal).toString('base64');
    const batches = byOwner.get(key) ?? [[]];
    byOwner.set(key, batches);
    const last = batches.at(-1) ?? [];
    const bytes = last.reduce((sum, { job }) => sum + job.payload.length + ENVELOPE_BYTES, 0);
    const isFull = last.length >= MAX_EDGE_MESSAGES || bytes + run.job.payload.length + ENVELOPE_BYTES > MAX_EDGE_BYTES;
    if (isFull && last.length > 0) batches.push([run]);
    else last.push(run);
  }
  return [...byOwner.values()].flat();
}

/**
 * Publishes one batch with the rights of its owner (CRN-3), under ids that stay the same whoever publishes (CRN-2). What may go
 * better later is not among the ends: it is claimed again. Throws where nothing was decided.
 */
export async function publishOccurrences(
  tenant: TenantId,
  batch: readonly ClaimedRun[],
  publish: PublishAtEdge,
): Promise<readonly RunEnd[]> {
  const [first] = batch;
  if (first === undefined) return [];
  const { user, role, permissions, capabilities, name } = fromBinary(IdentitySchema, first.job.principal);
  const principal = { tenant, user, role, permissions, capabilities, name };
  try {
    const outcomes = await publish({ principal, sender: CRON_SENDER, messages: batch.map(messageOf) });
    return batch.flatMap((run, index) => endOf(run, outcomes[index]));
  } catch (error) {
    // All of them are refused, as where the owner is banned.
    if (error instanceof BusError && !errorTable[error.code].isRetryable) {
      return batch.map((run) => runEnd(run, 'refused', error.code));
    }
    throw error;
  }
}

/** An end of this occurrence. */
export function runEnd({ job: { jobId }, dueAtMs, token }: ClaimedRun, state: RunEnd['state'], code = ''): RunEnd {
  return { jobId, dueAtMs, token, state, code };
}

function messageOf({ job, dueAtMs, iteration }: ClaimedRun): EdgeMessage {
  const id = `arq_${job.jobId}_${dueAtMs.toString(36)}` as MessageId;
  return {
    envelope: { id, room: job.room, channel: job.channel, payload: job.payload },
    metadata: { cron_job_id: job.jobId, iteration, scheduled_at: formatTime(dueAtMs) },
  };
}

function endOf(run: ClaimedRun, outcome: EdgeOutcome | undefined): readonly RunEnd[] {
  if (outcome === undefined) return [];
  if (outcome.ok) return [runEnd(run, 'fired')];
  return errorTable[outcome.code].isRetryable ? [] : [runEnd(run, 'refused', outcome.code)];
}

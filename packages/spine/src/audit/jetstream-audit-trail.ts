import { createHash } from 'node:crypto';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { readByConsumer } from '../log/jetstream/consumer-reader.ts';
import { parseStoreReply } from '../log/jetstream/store-reply.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { auditOf } from '../subjects/subjects.ts';
import { AUDIT_STREAM } from './audit-stream.ts';
import type { AuditTrail } from './audit-trail.ts';

/** What the trail on JetStream can be given. */
export interface JetStreamAuditTrailOptions {
  /** How long the stream may take to answer. Default 1,500: who waits for an action waits for two records of it. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 1_500;

/**
 * The trail on JetStream: the sequences of the stream are the positions, and a record is stored only behind the one that its
 * writer has seen last, which the server compares. Before NATS 2.12 it does that exactly where the stream has one copy
 * (decision 0015); there a fork of two writers is possible, and found by whoever verifies. The stream must exist
 * ({@link provisionAuditStream}).
 */
export async function createJetStreamAuditTrail(
  spine: NatsSpine,
  { timeoutMs = DEFAULT_TIMEOUT_MS }: JetStreamAuditTrailOptions = {},
): Promise<AuditTrail> {
  const js = jetstream(spine.connection, { timeout: timeoutMs });
  const manager = await jetstreamManager(spine.connection, { timeout: timeoutMs, checkAPI: false });
  const readerOf = (tenant: TenantId): Parameters<typeof readByConsumer>[0] => ({
    js,
    stream: AUDIT_STREAM,
    subject: auditOf(tenant),
    // Nothing of the trail is given up, and nobody asks what came before.
    maxMessages: Number.POSITIVE_INFINITY,
    keptMessages: Number.POSITIVE_INFINITY,
    timeoutMs,
  });
  return {
    async append(tenant, data, expectedPosition) {
      const id = createHash('sha256').update(`${tenant}/`).update(data).digest('hex');
      const answer = await store(spine, tenant, data, id, timeoutMs, expectedPosition);
      const reply = parseStoreReply(answer);
      if (reply.kind === 'overtaken') throw new BusError('CONFLICT');
      return reply.seq;
    },
    async head(tenant) {
      const last = await reach(() => manager.streams.getMessage(AUDIT_STREAM, { last_by_subj: auditOf(tenant) }));
      return last === null ? undefined : { position: last.seq, data: last.data };
    },
    async read(tenant, { afterPosition, limit, maxBytes }) {
      const range = { afterSeq: afterPosition, limit, maxBytes };
      const { entries } = await reach(() => readByConsumer(readerOf(tenant), range));
      return entries.map(({ seq, data }) => ({ position: seq, data }));
    },
  };
}

async function store(
  spine: NatsSpine,
  tenant: TenantId,
  data: Uint8Array,
  id: string,
  timeoutMs: number,
  expectedPosition: number,
): Promise<Uint8Array> {
  try {
    return await spine.store(auditOf(tenant), data, id, timeoutMs, { expectedSeq: expectedPosition });
  } catch (error) {
    // No stream listens: nothing was stored.
    if (error instanceof BusError && error.code === 'NOT_FOUND')
      throw new BusError('UNAVAILABLE', undefined, { cause: error });
    throw error;
  }
}

async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'The audit trail cannot be read.', { cause });
  }
}

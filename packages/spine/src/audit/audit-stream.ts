import { DiscardPolicy, RetentionPolicy, StorageType, jetstreamManager } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import { isStreamThere } from '../nats/missing-stream.ts';
import type { NatsSpine } from '../nats/nats-spine.ts';
import { ALL_AUDIT } from '../subjects/subjects.ts';

/** The stream of the audit trail of all tenants. */
export const AUDIT_STREAM = 'AUDIT';

const NANOS_PER_MS = 1_000_000;
const ID_WINDOW_MS = 120_000;

/** How the stream is made. */
export interface AuditStreamOptions {
  /** Copies: 1 for a single server, 3 in a cluster. */
  readonly replicas: number;
  /** Bytes at most; a full one refuses what comes, and with it every governance action. */
  readonly maxBytes: number;
}

/**
 * Makes the stream where it is missing. What it holds can be neither deleted nor purged, by anybody, and nobody who writes
 * to it may change how it is made: copies and size are changed by whoever runs NATS. Throws `UNAVAILABLE`.
 */
export async function provisionAuditStream(spine: NatsSpine, options: AuditStreamOptions): Promise<void> {
  const manager = await jetstreamManager(spine.connection, { checkAPI: false });
  try {
    if (await isStreamThere(() => manager.streams.info(AUDIT_STREAM))) return;
    await manager.streams.add({
      name: AUDIT_STREAM,
      subjects: [ALL_AUDIT],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_bytes: options.maxBytes,
      duplicate_window: ID_WINDOW_MS * NANOS_PER_MS,
      num_replicas: options.replicas,
      deny_delete: true,
      deny_purge: true,
    });
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'The stream of the audit trail cannot be made.', { cause });
  }
}

import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TenantId } from '@arqonbus/protocol';
import { EpisodePublicationSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ProjectEventRequest, ProjectEventResultSchema } from '@arqonbus/protocol/spine-messages';
import { parseTenant, parseUser } from '../requests/parse-request.ts';
import type { ContinuumParts } from './continuum-parts.ts';
import { projectAll } from './project-all.ts';

/** Projects one event at once (CTM-3). It goes through the stream as well, so that a backfill knows it. */
export async function projectEvent(
  request: ProjectEventRequest,
  parts: ContinuumParts,
): Promise<MessageInitShape<typeof ProjectEventResultSchema>> {
  const tenant = parseTenant(request.tenant);
  const publishedBy = parseUser(request.requestedBy);
  const { event } = request;
  const [result] = await projectAll(parts, tenant, [{ data: event, atMs: parts.clock.now() }]);
  if (result?.status === 'dlq_queued') {
    const { reason, field, letterId } = result.letter;
    return { status: result.status, reason, field, deadLetterId: letterId };
  }
  // Afterwards, else another Brain may take it from there first; and also what was seen, since the stream may have missed it then.
  await keepInStream(parts, tenant, { event, publishedBy, id: `command/${digestOf(event)}` });
  return { status: result?.status ?? '' };
}

/** An event that somebody asks for by a command. */
export interface CommandedEvent {
  /** JSON text. */
  readonly event: Uint8Array;
  readonly publishedBy: string;
  /** The same one within two minutes is kept once. */
  readonly id: string;
}

/** Adds an event to the stream that has been projected. */
export async function keepInStream(
  { stream }: ContinuumParts,
  tenant: TenantId,
  { event, publishedBy, id }: CommandedEvent,
): Promise<void> {
  const publication = create(EpisodePublicationSchema, { event, publishedBy, byCommand: true });
  const data = toBinary(EpisodePublicationSchema, publication);
  await stream.add({ tenant, id, data });
}

function digestOf(event: Uint8Array): string {
  return createHash('sha256').update(event).digest('hex');
}

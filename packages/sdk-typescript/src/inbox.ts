import { BusError } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { ClientEvents } from './arqon-client.ts';
import { errorOfEnvelope } from './close-error.ts';
import { parseDiscontinuity } from './discontinuity.ts';
import type { Emitter } from './emitter.ts';
import { parseJsonObject } from './payload.ts';
import { parsePresence } from './presence.ts';
import { toPublication } from './publication.ts';
import { replayIdOf } from './replay.ts';
import type { Replays } from './replay.ts';
import type { Requests } from './requests.ts';
import type { Subscriptions } from './subscriptions.ts';
import { parseTaskFrame } from './task-frame.ts';
import type { TokenRefresher } from './token-refresher.ts';

/** Bytes that a publication takes in a queue beside its payload, roughly. */
const PUBLICATION_OVERHEAD_BYTES = 512;

/** Where frames go. */
export interface InboxParts {
  readonly requests: Requests;
  readonly subscriptions: Subscriptions;
  readonly replays: Replays;
  readonly refresher: TokenRefresher;
  readonly emitter: Emitter<ClientEvents>;
}

/** Takes every frame that comes after the welcome to where it belongs. Never throws. */
export function receive(envelope: Envelope, parts: InboxParts): void {
  switch (envelope.type) {
    case 'event':
    case 'private':
      receiveMessage(envelope, parts);
      return;
    case 'response':
    case 'error':
      if (!parts.requests.answer(envelope) && envelope.type === 'error') {
        parts.emitter.emit('error', errorOfEnvelope(envelope));
      }
      return;
    case 'system':
      receiveSystem(envelope, parts);
      return;
    case 'task':
      receiveTask(envelope, parts);
      return;
    // Not for this client: servers send them to those that asked for them.
    case 'command':
    case 'telemetry':
  }
}

function receiveTask(envelope: Envelope, { emitter }: InboxParts): void {
  const frame = parseTaskFrame(parseJsonObject(envelope.payload));
  if (frame !== undefined) emitter.emit('task', frame);
  else emitter.emit('error', new BusError('VALIDATION_ERROR', 'The server sent a task that is none.'));
}

function receiveMessage(envelope: Envelope, { emitter, subscriptions, replays }: InboxParts): void {
  const publication = toPublication(envelope);
  const bytes = envelope.payload.length + PUBLICATION_OVERHEAD_BYTES;
  const replayId = publication === undefined ? undefined : replayIdOf(publication);
  if (publication === undefined) {
    emitter.emit('error', new BusError('VALIDATION_ERROR', 'The server sent a payload that is not JSON.'));
  } else if (envelope.type === 'private') {
    emitter.emit('private', publication);
  } else if (replayId !== undefined) {
    replays.deliver(replayId, publication, bytes);
  } else if (subscriptions.deliver(publication, bytes)) {
    emitter.emit('publication', publication);
  }
}

function receiveSystem(envelope: Envelope, parts: InboxParts): void {
  const { emitter, refresher } = parts;
  const payload = parseJsonObject(envelope.payload);
  const event = typeof payload['event'] === 'string' ? payload['event'] : '';
  if (event === 'token_expiring') refresher.onExpiring();
  if (event === 'discontinuity') receiveDiscontinuity(envelope, payload, parts);
  if (event === 'presence') receivePresence(payload, parts);
  emitter.emit('system', { event, room: envelope.room, channel: envelope.channel, payload });
}

function receivePresence(payload: Readonly<Record<string, unknown>>, { emitter, subscriptions }: InboxParts): void {
  const change = parsePresence(payload);
  if (change !== undefined) subscriptions.tellPresence(change);
  else emitter.emit('error', new BusError('VALIDATION_ERROR', 'The server sent a presence event that is none.'));
}

function receiveDiscontinuity(
  envelope: Envelope,
  payload: Readonly<Record<string, unknown>>,
  { emitter, subscriptions }: InboxParts,
): void {
  const discontinuity = parseDiscontinuity(envelope, payload);
  if (discontinuity === undefined) {
    emitter.emit('error', new BusError('VALIDATION_ERROR', 'The server sent a discontinuity that names no channel.'));
    return;
  }
  subscriptions.tellDiscontinuity(discontinuity);
  emitter.emit('discontinuity', discontinuity);
}

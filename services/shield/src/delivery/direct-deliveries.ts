import type { Envelope } from '@arqonbus/protocol';
import {
  PrivateDeliveredSchema,
  PrivateDeliverySchema,
  create,
  readMessage,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import type { PrivateDelivery } from '@arqonbus/protocol/spine-messages';
import { clientOut, clientsOf, homeOf, tenantOut, userOut } from '@arqonbus/spine';
import type { Spine, SpineMessage } from '@arqonbus/spine';
import type { AbsentClients } from '../resume/absent-clients.ts';
import { PLAIN_VIEWS } from '../views/reader-views.ts';
import type { ReaderViews } from '../views/reader-views.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { decodeDelivery } from './decode-delivery.ts';
import type { DeliveryCounters } from './delivery-counters.ts';
import { createInterests } from './interests.ts';
import type { SendToSession } from './send-to-session.ts';
import type { SlowConsumers } from './slow-consumers.ts';

/** Hears what is sent to clients, users and tenants by name, and writes it to their sockets (PRT-17, PRT-18). */
export interface DirectDeliveries {
  /** Takes the interest that the session's user and tenant need. */
  opened(session: Session): void;
  /** The session has become a client that was born at another Shield, perhaps: hears what is sent to it. */
  adopted(session: Session): void;
  closed(session: Session): void;
  stop(): void;
}

/** What direct deliveries need from around them. */
export interface DirectDeliveriesOptions {
  readonly node: string;
  readonly spine: Spine;
  readonly sessions: SessionRegistry;
  readonly slowConsumers: SlowConsumers;
  readonly absent: Pick<AbsentClients, 'mayBeElsewhere'>;
  readonly send: SendToSession;
  readonly counters: DeliveryCounters;
  /** What the reader sees of a message (CAS-12). Default: what all see. */
  readonly views?: Pick<ReaderViews, 'reveal'>;
}

const USER_PREFIX = 'user:';

/** Starts hearing messages to this Shield's clients. */
export function createDirectDeliveries(options: DirectDeliveriesOptions): DirectDeliveries {
  const { spine, node } = options;
  const nobody = answerOf(0);
  const ifAbsent = (target: string): Uint8Array | undefined =>
    options.absent.mayBeElsewhere(target) ? undefined : nobody;
  const clients = spine.serve(clientsOf(node), (data) => answerPrivate(data, options, ifAbsent));
  const interests = createInterests();
  return {
    opened: ({ tenant, user }) => {
      interests.take(userOut(tenant, user), (subject) => spine.serve(subject, (data) => answerPrivate(data, options)));
      interests.take(tenantOut(tenant), (subject) =>
        spine.subscribe(subject, (message) => writeToTenant(tenant, message, options)),
      );
    },
    adopted: ({ tenant, clientId }) => {
      if (homeOf(clientId) === node) return;
      interests.take(clientOut(tenant, clientId), (subject) =>
        spine.serve(subject, (data) => answerPrivate(data, options)),
      );
    },
    closed: ({ tenant, user, clientId }) => {
      if (homeOf(clientId) !== node) interests.give(clientOut(tenant, clientId));
      interests.give(userOut(tenant, user));
      interests.give(tenantOut(tenant));
    },
    stop: () => {
      clients.unsubscribe();
      interests.stop();
    },
  };
}

/**
 * Writes a private message to its target's sessions here. Where there are none, the answer is what `ifNone` gives: the
 * Shield where a client was born knows that it is gone, unless it may have been resumed elsewhere; of a user's connections
 * others may have some, so it is silent.
 */
function answerPrivate(
  data: Uint8Array,
  options: DirectDeliveriesOptions,
  ifNone: (target: string) => Uint8Array | undefined = silence,
): Uint8Array | undefined {
  const delivery = readMessage(PrivateDeliverySchema, data);
  const envelope = delivery === undefined ? undefined : decodeDelivery(delivery.envelope);
  if (delivery === undefined || envelope === undefined) {
    options.counters.malformed.inc();
    return undefined;
  }
  let connections = 0;
  for (const session of findTargets(delivery, envelope, options.sessions)) {
    connections += 1;
    if (!options.slowConsumers.mayWrite(session)) continue;
    options.send(session, (options.views ?? PLAIN_VIEWS).reveal(session, envelope));
  }
  return connections === 0 ? ifNone(envelope.to[0] ?? '') : answerOf(connections);
}

function silence(): undefined {
  return undefined;
}

function answerOf(connections: number): Uint8Array {
  return toBinary(PrivateDeliveredSchema, create(PrivateDeliveredSchema, { connections }));
}

function findTargets(delivery: PrivateDelivery, envelope: Envelope, sessions: SessionRegistry): Session[] {
  const target = envelope.to[0] ?? '';
  const named = target.startsWith(USER_PREFIX)
    ? [...sessions.ofUser(delivery.tenant, target.slice(USER_PREFIX.length))]
    : [sessions.get(target)];
  return named.filter((session) => session !== undefined).filter((session) => isReachable(session, delivery));
}

function isReachable(session: Session, { tenant, needsSharedRoom, senderRooms }: PrivateDelivery): boolean {
  if (session.tenant !== tenant) return false;
  if (!needsSharedRoom) return true;
  for (const { channel } of session.subscriptions.values()) if (senderRooms.includes(channel.address.room)) return true;
  return false;
}

function writeToTenant(tenant: string, message: SpineMessage, options: DirectDeliveriesOptions): void {
  const envelope = decodeDelivery(message.data);
  if (envelope === undefined) {
    options.counters.malformed.inc();
    return;
  }
  for (const session of options.sessions.all()) {
    if (session.tenant === tenant && options.slowConsumers.mayWrite(session)) options.send(session, envelope);
  }
}

import { BusError } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import {
  PrivateDeliveredSchema,
  PrivateDeliverySchema,
  create,
  fromBinary,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import { clientOut, isClientId, userOut } from '@arqonbus/spine';
import type { Spine, Subject } from '@arqonbus/spine';
import { encodePublication } from './encode-publication.ts';
import type { Session } from '../session/session.ts';

/** Sends messages to clients and users by name (PRT-17). */
export interface PrivateMessages {
  /** Resolves when every target has been found; rejects `TARGET_NOT_FOUND` with the missing ones. */
  deliver(session: Session, envelope: Envelope): Promise<void>;
}

const USER_PREFIX = 'user:';
const ANSWER_TIMEOUT_MS = 2_000;

/** Private messages over this Spine; `isRoomNeeded` is the setting `private.scope` = `shared_room`. */
export function createPrivateMessages(spine: Spine, isRoomNeeded: () => boolean): PrivateMessages {
  return {
    deliver: async (session, envelope) => {
      const needsSharedRoom = isRoomNeeded();
      const senderRooms = needsSharedRoom ? roomsOf(session) : [];
      const targets = [...new Set(envelope.to)];
      const found = await Promise.all(
        targets.map((target) => {
          // Each target sees its own name alone, not who else was written to.
          const bytes = encodePublication({ ...envelope, to: [target] });
          const content = { envelope: bytes, tenant: session.tenant, needsSharedRoom, senderRooms };
          const delivery = create(PrivateDeliverySchema, content);
          return isDelivered(spine, subjectOf(session, target), toBinary(PrivateDeliverySchema, delivery));
        }),
      );
      const missing = targets.filter((_, index) => found[index] !== true);
      if (missing.length > 0) throw new BusError('TARGET_NOT_FOUND', undefined, { details: { missing } });
    },
  };
}

/** The target's subject, always in the sender's own tenant; undefined for what cannot be a target (PRD-4). */
function subjectOf(session: Session, target: string): Subject | undefined {
  if (target.startsWith(USER_PREFIX)) return userOut(session.tenant, target.slice(USER_PREFIX.length));
  return isClientId(target) ? clientOut(session.tenant, target) : undefined;
}

/** Nobody there, or nobody who answers in time, is the same to the sender: the target is not found (SPN-8). */
async function isDelivered(spine: Spine, subject: Subject | undefined, data: Uint8Array): Promise<boolean> {
  if (subject === undefined) return false;
  try {
    const { connections } = fromBinary(PrivateDeliveredSchema, await spine.request(subject, data, ANSWER_TIMEOUT_MS));
    return connections > 0;
  } catch (error) {
    if (error instanceof BusError && (error.code === 'NOT_FOUND' || error.code === 'TIMEOUT')) return false;
    throw error;
  }
}

function roomsOf(session: Session): string[] {
  return [...new Set([...session.subscriptions.values()].map(({ channel }) => channel.address.room))];
}

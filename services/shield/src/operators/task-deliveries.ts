import { TaskNoticeSchema, TaskNoticedSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import { homeOf, taskOut, tasksOf } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { ServerEnvelopes } from '../delivery/frames.ts';
import { createInterests } from '../delivery/interests.ts';
import type { SendToSession } from '../delivery/send-to-session.ts';
import type { SlowConsumers } from '../delivery/slow-consumers.ts';
import type { AbsentClients } from '../resume/absent-clients.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';

/** Hears what Brains tell operators and submitters, and writes it to their sockets as `task` frames (OPR-2). */
export interface TaskDeliveries {
  /** The session has become a client that was born at another Shield, perhaps: hears what is for it. */
  adopted(session: Session): void;
  closed(session: Session): void;
  stop(): void;
}

/** What delivering needs from around it. */
export interface TaskDeliveriesOptions {
  readonly node: string;
  readonly spine: Spine;
  readonly sessions: Pick<SessionRegistry, 'get'>;
  readonly slowConsumers: Pick<SlowConsumers, 'mayWrite'>;
  readonly absent: Pick<AbsentClients, 'mayBeElsewhere'>;
  readonly envelopes: Pick<ServerEnvelopes, 'task'>;
  readonly send: SendToSession;
  readonly onMalformed: () => void;
}

/** Starts hearing what is for this Shield's clients. */
export function createTaskDeliveries(options: TaskDeliveriesOptions): TaskDeliveries {
  const { spine, node } = options;
  const interests = createInterests();
  const born = spine.serve(tasksOf(node), (data) => answer(data, options, true));
  return {
    adopted: ({ tenant, clientId }) => {
      if (homeOf(clientId) === node) return;
      interests.take(taskOut(tenant, clientId), (subject) =>
        spine.serve(subject, (data) => answer(data, options, false)),
      );
    },
    closed: ({ tenant, clientId }) => {
      if (homeOf(clientId) !== node) interests.give(taskOut(tenant, clientId));
    },
    stop: () => {
      born.unsubscribe();
      interests.stop();
    },
  };
}

/** The Shield where a client was born knows that it is gone, unless it may have been resumed elsewhere. */
function answer(data: Uint8Array, options: TaskDeliveriesOptions, isHome: boolean): Uint8Array | undefined {
  const notice = readMessage(TaskNoticeSchema, data);
  if (notice === undefined) {
    options.onMalformed();
    return undefined;
  }
  const session = options.sessions.get(notice.clientId);
  if (session?.tenant !== notice.tenant) {
    return isHome && !options.absent.mayBeElsewhere(notice.clientId) ? answerOf(0) : undefined;
  }
  // Who reads too slowly is told later, or somebody else gets the task: nothing may be lost here.
  if (!options.slowConsumers.mayWrite(session)) return answerOf(0);
  options.send(session, options.envelopes.task(notice.payload));
  return answerOf(1);
}

function answerOf(connections: number): Uint8Array {
  return toBinary(TaskNoticedSchema, create(TaskNoticedSchema, { connections }));
}

import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import { serveEdge } from '@arqonbus/spine';
import type { EdgeRequest, LocalSpine } from '@arqonbus/spine';

/** An edge that publishes nothing. */
export interface SilentEdge {
  /** What it was asked for. */
  readonly asked: readonly EdgeRequest[];
  /** What it answers from now on; undefined = it publishes. */
  refuseWith(code: ErrorCode | undefined): void;
}

const nobody = { onMalformed: () => undefined, onAnswered: () => undefined, onFailure: () => undefined };
const NOTHING = new TextEncoder().encode('{}');

/** Answers what a Brain publishes. */
export function serveSilentEdge(spine: LocalSpine): SilentEdge {
  const asked: EdgeRequest[] = [];
  let code: ErrorCode | undefined;
  serveEdge(
    spine,
    'publish',
    (request) => {
      asked.push(request);
      const status = code === undefined ? ('success' as const) : ('error' as const);
      const type = code === undefined ? 'response' : 'error';
      const reply = encodeProtoEnvelope({ ...createEnvelope(type), status, errorCode: code ?? '', payload: NOTHING });
      return { replies: request.messages.map(() => reply) };
    },
    nobody,
  );
  return { asked, refuseWith: (next) => (code = next) };
}

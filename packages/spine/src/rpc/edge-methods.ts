import {
  BusError,
  createEnvelope,
  decodeTrustedProtoEnvelope,
  encodeProtoEnvelope,
  isErrorCode,
} from '@arqonbus/protocol';
import type { Envelope, ErrorCode } from '@arqonbus/protocol';
import { EdgeRequestSchema, EdgeResultSchema } from '@arqonbus/protocol/spine-messages';
import type { EdgeRequest, EdgeResult } from '@arqonbus/protocol/spine-messages';
import type { Spine, SpineSubscription } from '../spine.ts';
import { rpc } from '../subjects/subjects.ts';
import { callMethod } from './call-method.ts';
import type { RpcObserver } from './rpc-observer.ts';
import { serveMethod } from './serve-method.ts';
import type { MethodHandler } from './serve-method.ts';

/** What the edge does for somebody who holds no connection (ARC-15). */
export type EdgeMethod = 'publish' | 'command';

/** The queue group whose members share these requests. */
const EDGE_QUEUE = 'shield';

/** Messages of one request at most ("Limits"). */
export const MAX_EDGE_MESSAGES = 100;

/** Bytes of one request at most: it must fit into a message of NATS. */
export const MAX_EDGE_BYTES = 1_500_000;

/** The edge has answered within this time, or the outcome is not known. */
export const EDGE_TIMEOUT_MS = 5_000;

/** Whose rights count, together with the grants of now; the service that asks vouches for it. */
export interface EdgePrincipal {
  readonly tenant: string;
  readonly user: string;
  readonly role: string;
  readonly permissions: readonly { readonly action: string; readonly pattern: string; readonly effect: string }[];
  readonly capabilities: readonly string[];
  readonly name: string;
}

/** One message or command. */
export interface EdgeMessage {
  /**
   * What a client would send, of the type `event` where it names none. With the same `id` it may be sent again within 120 s
   * and is stored once (LOG-5).
   */
  readonly envelope: Partial<Envelope>;
  /** What the service says in `metadata`, such as `cron_job_id`: under names that clients may not use. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /**
   * Messages of one lane are published one after the other, and after one that may go better later none of its lane is tried:
   * those are `UNAVAILABLE`. Whoever sends them again keeps their order.
   */
  readonly lane?: string;
}

/** Who asks for what. */
export interface EdgeAsk {
  readonly principal: EdgePrincipal;
  /** What receivers see as the sender, such as `op-cron`: a name that no client can have. */
  readonly sender: string;
  /** At most {@link MAX_EDGE_MESSAGES}, published in this order. */
  readonly messages: readonly EdgeMessage[];
}

/** What became of one message: what a client would have been told. */
export type EdgeOutcome =
  | {
      readonly ok: true;
      readonly id: string;
      readonly payload: Readonly<Record<string, unknown>>;
      /** The payload as it came: JSON, whose numbers no reading has rounded. */
      readonly json: Uint8Array;
    }
  | {
      readonly ok: false;
      readonly id: string;
      readonly code: ErrorCode;
      readonly text: string;
      /** `retry_after_ms`, `errors`, `seq` and so on. */
      readonly details: Readonly<Record<string, unknown>>;
    };

/**
 * Publishes at the edge, through the whole pipeline and with the rights of the principal; one outcome for each message, in
 * their order. Of an event on a logged channel the payload is `{seq, epoch, duplicate?}`. Throws a `BusError` where all of
 * them are refused (`BANNED`, `VALIDATION_ERROR`), where no Shield serves (`UNAVAILABLE`), and, with an outcome that is not
 * known, at `deadlineMs` (`TIMEOUT`): an `id` makes it safe to try again.
 */
export function publishAtEdge(spine: Spine, ask: EdgeAsk, deadlineMs: number): Promise<readonly EdgeOutcome[]> {
  return askEdge(spine, 'publish', ask, deadlineMs);
}

/** Runs commands at the edge, as {@link publishAtEdge} publishes; those that are about a connection are `FEATURE_DISABLED`. */
export function commandAtEdge(spine: Spine, ask: EdgeAsk, deadlineMs: number): Promise<readonly EdgeOutcome[]> {
  return askEdge(spine, 'command', ask, deadlineMs);
}

/** Answers a method of the edge, together with all other Shields. */
export function serveEdge(
  spine: Spine,
  name: EdgeMethod,
  handler: MethodHandler<typeof EdgeRequestSchema, typeof EdgeResultSchema>,
  observer: RpcObserver,
): SpineSubscription {
  const endpoint = { method: `edge.${name}`, subject: rpc('edge', name), queue: EDGE_QUEUE };
  return serveMethod(spine, { ...endpoint, request: EdgeRequestSchema, result: EdgeResultSchema }, handler, observer);
}

export type { EdgeRequest, EdgeResult };

async function askEdge(
  spine: Spine,
  name: EdgeMethod,
  { principal, sender, messages }: EdgeAsk,
  deadlineMs: number,
): Promise<readonly EdgeOutcome[]> {
  const { tenant: tenantId, ...who } = principal;
  const encoded = messages.map(encodeMessage);
  const bytes = encoded.reduce((sum, { envelope, metadata }) => sum + envelope.length + metadata.length, 0);
  if (bytes > MAX_EDGE_BYTES) throw new BusError('PAYLOAD_TOO_LARGE');
  const request = {
    principal: {
      tenantId,
      ...who,
      permissions: [...principal.permissions],
      capabilities: [...principal.capabilities],
    },
    sender,
    messages: encoded,
  };
  const { replies } = await callMethod(
    spine,
    rpc('edge', name),
    EdgeRequestSchema,
    request,
    EdgeResultSchema,
    deadlineMs,
  ).catch((error: unknown) => {
    throw isTimeout(error) ? new BusError('TIMEOUT', undefined, { cause: error }) : error;
  });
  if (replies.length !== messages.length) throw new BusError('INTERNAL_ERROR');
  return replies.map(readReply);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NOTHING = new Uint8Array(0);

interface EncodedMessage {
  readonly envelope: Uint8Array;
  readonly metadata: Uint8Array;
  readonly lane: string;
}

function encodeMessage({ envelope, metadata, lane = '' }: EdgeMessage): EncodedMessage {
  return {
    lane,
    envelope: encodeProtoEnvelope(Object.assign(createEnvelope(envelope.type ?? 'event'), envelope)),
    metadata: metadata === undefined ? NOTHING : encoder.encode(JSON.stringify(metadata)),
  };
}

function readReply(reply: Uint8Array): EdgeOutcome {
  const envelope = decodeTrustedProtoEnvelope(reply);
  if (envelope === undefined) throw new BusError('INTERNAL_ERROR');
  const { requestId: id, status, error: text, errorCode, payload: json } = envelope;
  const parse = (): Record<string, unknown> => JSON.parse(decoder.decode(json)) as Record<string, unknown>;
  if (status !== 'success') {
    return { ok: false, id, code: isErrorCode(errorCode) ? errorCode : 'INTERNAL_ERROR', text, details: parse() };
  }
  return {
    ok: true,
    id,
    json,
    // Pages are handed on without being read.
    get payload() {
      return parse();
    },
  };
}

/** Somebody may have taken the request: who tries again may do it twice. */
function isTimeout(error: unknown): boolean {
  return error instanceof BusError && error.cause instanceof BusError && error.cause.code === 'TIMEOUT';
}

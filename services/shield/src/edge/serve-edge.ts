import { parseIdentity } from '@arqonbus/auth';
import type { Principal } from '@arqonbus/auth';
import { BusError, decodeTrustedProtoEnvelope, errorTable, isErrorCode, isName } from '@arqonbus/protocol';
import type { Clock, Limits } from '@arqonbus/protocol';
import { MAX_EDGE_MESSAGES, isClientId, serveEdge } from '@arqonbus/spine';
import type { EdgeMethod, EdgeRequest, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { SessionRights } from '@arqonbus/runtime';
import type { TenantStates } from '../limits/tenant-states.ts';
import { checkBans } from '../session/handshake.ts';
import type { HandshakeOptions } from '../session/handshake.ts';
import type { AcceptMessage } from '../session/inbound.ts';
import type { Session } from '../session/session.ts';
import { EdgeSession } from './edge-session.ts';
import { runInLanes } from './run-in-lanes.ts';

/** What serving those without a connection needs from around it. */
export interface EdgeOptions extends Pick<HandshakeOptions, 'bans' | 'grants'> {
  readonly spine: Spine;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly rights: SessionRights;
  readonly tenantStates: TenantStates;
  /** Where the messages of each method go. */
  readonly accept: Readonly<Record<EdgeMethod, AcceptMessage>>;
  /** Tells a session why its message is not looked at. */
  readonly refuse: (session: Session, code: 'PAYLOAD_TOO_LARGE' | 'UNAVAILABLE') => void;
  readonly observer: RpcObserver;
}

/**
 * Publishes and runs commands for those who hold no connection, through the pipeline that sessions' frames pass (ARC-15,
 * SAF-3). Rights are those of now: grants, bans and settings are what this Shield watches.
 */
export function serveWithoutConnection(options: EdgeOptions): SpineSubscription {
  const served = (['publish', 'command'] as const).map((method) =>
    serveEdge(options.spine, method, (request) => answer(method, request, options), options.observer),
  );
  return {
    unsubscribe: () => {
      for (const subscription of served) subscription.unsubscribe();
    },
  };
}

async function answer(
  method: EdgeMethod,
  { principal: identity, sender, messages }: EdgeRequest,
  options: EdgeOptions,
): Promise<{ readonly replies: Uint8Array[] }> {
  const principal = identity === undefined ? 'no_principal' : parseIdentity(identity);
  if (typeof principal === 'string') throw new BusError('VALIDATION_ERROR', `The principal cannot be: ${principal}.`);
  // A client id would let a service pass for a client.
  if (!isName(sender) || isClientId(sender))
    throw new BusError('VALIDATION_ERROR', 'The sender is no name of a service.');
  if (messages.length > MAX_EDGE_MESSAGES) throw new BusError('VALIDATION_ERROR', 'There are too many messages.');
  const heard = checkBans(principal, options);
  if (!heard.ok) throw new BusError(heard.code, undefined, { details: heard.details });
  const reply = (
    message: EdgeRequest['messages'][number],
    handle: (session: EdgeSession) => void,
  ): Promise<Uint8Array> =>
    new Promise((resolve) => {
      handle(createSession(principal, { sender, metadata: message.metadata }, resolve, options));
    });
  const replies = runInLanes(messages, {
    run: (message) =>
      reply(message, (session) => {
        if (message.envelope.length > options.limits.maxFrameBytes) options.refuse(session, 'PAYLOAD_TOO_LARGE');
        else options.accept[method](session, message.envelope, options.clock.monotonicMs());
      }),
    skip: (message) => reply(message, (session) => options.refuse(session, 'UNAVAILABLE')),
    mayGoBetterLater,
    monotonicMs: () => options.clock.monotonicMs(),
  });
  return { replies: await replies };
}

function mayGoBetterLater(reply: Uint8Array): boolean {
  const errorCode = decodeTrustedProtoEnvelope(reply)?.errorCode ?? '';
  return isErrorCode(errorCode) && errorTable[errorCode].isRetryable;
}

const decoder = new TextDecoder();

function createSession(
  principal: Principal,
  { sender, metadata }: { readonly sender: string; readonly metadata: Uint8Array },
  onReply: (reply: Uint8Array) => void,
  { clock, rights, tenantStates }: EdgeOptions,
): EdgeSession {
  return new EdgeSession({
    principal,
    rights: rights.of(principal),
    tenantState: tenantStates.of(principal.tenant),
    sender,
    serviceMetadata: metadata.length === 0 ? undefined : parseMetadata(metadata),
    nowMs: clock.now(),
    monotonicMs: clock.monotonicMs(),
    onReply,
  });
}

/** Written by a service of the bus: what is no object is a bug of its. */
function parseMetadata(metadata: Uint8Array): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(decoder.decode(metadata));
  if (typeof value !== 'object' || value === null) throw new BusError('VALIDATION_ERROR', 'The metadata is no object.');
  return value as Readonly<Record<string, unknown>>;
}

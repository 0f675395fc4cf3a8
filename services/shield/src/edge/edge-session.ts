import { createTokenBucket } from '@arqonbus/pipeline';
import type { RateBudget } from '@arqonbus/pipeline';
import type { ClientId } from '@arqonbus/protocol';
import { Session } from '../session/session.ts';
import type { ClientDescription, SessionOptions } from '../session/session.ts';
import { ReplyConnection } from './reply-connection.ts';

/** What is known of somebody for whom a service asks. */
export interface EdgeSessionOptions extends Pick<SessionOptions, 'principal' | 'rights' | 'tenantState'> {
  /** What receivers see as the sender. */
  readonly sender: string;
  readonly serviceMetadata: Readonly<Record<string, unknown>> | undefined;
  /** Wall time. */
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** Gets the one reply, encoded. */
  readonly onReply: (reply: Uint8Array) => void;
}

const DESCRIPTION: ClientDescription = Object.freeze({
  clientType: 'service',
  screenName: '',
  avatar: '',
  personality: '',
  defaultRoom: '',
  defaultChannel: '',
});

/** The service that asks holds its callers to rates of their own; here the tenant's hold (ARC-15). */
const UNLIMITED = createTokenBucket(Infinity, Infinity, 0);
const NO_BUDGET: RateBudget = Object.freeze({ messages: UNLIMITED, bytes: UNLIMITED, commands: UNLIMITED });

/** Somebody without a connection, for the time of one message (ARC-15). */
export class EdgeSession extends Session {
  readonly isService = true;
  readonly serviceMetadata: Readonly<Record<string, unknown>> | undefined;

  constructor(options: EdgeSessionOptions) {
    const { sender, serviceMetadata, nowMs, monotonicMs, onReply } = options;
    // Field by field: with a rest and a spread of it this took 10 µs for each message in place of 0.3.
    super({
      principal: options.principal,
      rights: options.rights,
      tenantState: options.tenantState,
      // A name that no client can have, in the place of an id: it is told to receivers and to nobody else.
      clientId: sender as ClientId,
      sessionId: '',
      format: 'proto',
      description: DESCRIPTION,
      remoteIp: '',
      budget: NO_BUDGET,
      control: UNLIMITED,
      openedAtMs: nowMs,
      openedAtMonotonicMs: monotonicMs,
      closesAtMs: Infinity,
    });
    this.serviceMetadata = serviceMetadata;
    this.connection = new ReplyConnection(this, onReply);
  }

  /** Who cannot join is not asked to: what takes the place of the subscription is the right to have one (PRT-16). */
  override isSubscribed(room: string, channel: string): boolean {
    return this.rights.may('join', room, channel);
  }
}

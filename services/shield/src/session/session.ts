import type { Principal, Rights } from '@arqonbus/auth';
import type { Origin, RateBudget, TokenBucket, WireFormat } from '@arqonbus/pipeline';
import type { ClientId, CloseCode, TenantId, UserId } from '@arqonbus/protocol';
import type { OperatorRecord } from '@arqonbus/protocol/spine-messages';
import type { SlowState } from '../delivery/slow-state.ts';
import type { TenantState } from '../limits/tenant-states.ts';
import type { Connection } from '../listener/listener.ts';
import type { Peer } from './peer.ts';
import type { Subscription } from '../subscriptions/subscription.ts';

/** What a client said of itself in the query of its upgrade (PRT-3). */
export interface ClientDescription {
  readonly clientType: 'human' | 'ai-agent' | 'dashboard' | 'service';
  readonly screenName: string;
  readonly avatar: string;
  readonly personality: string;
  readonly defaultRoom: string;
  readonly defaultChannel: string;
}

/** What a session is made from. */
export interface SessionOptions {
  readonly clientId: ClientId;
  readonly sessionId: string;
  readonly principal: Principal;
  readonly rights: Rights;
  readonly format: WireFormat;
  readonly description: ClientDescription;
  readonly remoteIp: string;
  readonly budget: RateBudget;
  readonly control: TokenBucket;
  readonly tenantState: TenantState;
  /** Wall time. */
  readonly openedAtMs: number;
  readonly openedAtMonotonicMs: number;
  /** Monotonic. */
  readonly closesAtMs: number;
}

const NOTHING = new Uint8Array(0);

/**
 * An authenticated connection with its subscriptions. One flat object a connection, since memory per idle connection is
 * a figure we are judged by; the folders that own a field change it, nobody else.
 */
export class Session implements Origin {
  readonly kind = 'session';
  /** Another one once the client has resumed an earlier session (PRT-7). */
  clientId: ClientId;
  /** How many times the client has been resumed. */
  generation = 0;
  readonly sessionId: string;
  readonly format: WireFormat;
  readonly description: ClientDescription;
  readonly remoteIp: string;
  readonly budget: RateBudget;
  readonly control: TokenBucket;
  /** Looked up again when the socket opens: it may have been forgotten since the handshake. */
  tenantState: TenantState;
  /** Wall time when the client connected first, in the session that was resumed where there was one. */
  openedAtMs: number;
  /** End of the connection's longest life, monotonic; the token may end it sooner. */
  readonly closesAtMs: number;
  /** Undefined before the socket opened and after it closed. */
  connection: Connection<Peer> | undefined = undefined;
  principal: Principal;
  rights: Rights;
  /** By `room:channel`. */
  readonly subscriptions: Map<string, Subscription> = new Map();
  /** Subscriptions that the client asked for itself, which is what the limit counts. */
  explicitSubscriptions = 0;
  /** Joins under way, by `room:channel`: the limit counts those of channels that are not subscribed yet, each once. */
  readonly pendingJoins: Map<string, number> = new Map();
  /** An earlier session is being resumed: until that is decided nothing is joined. */
  isResuming = false;
  /** Publications whose acknowledgement is on its way. */
  unacknowledged = 0;
  /** Set once a close has begun: nothing it sends counts any more. */
  isClosing = false;
  /** Why this side closes it. */
  closingCode: CloseCode | undefined = undefined;
  /** Monotonic, as all spans below. */
  lastSeenMs: number;
  lastPingMs: number;
  isExpiryAnnounced = false;
  /** Wall time since when the present token counts. */
  tokenSinceMs: number;
  /** Times of late bad frames and refusals for being too fast, oldest first; most sessions have none. */
  badFramesMs: number[] | undefined = undefined;
  refusalsMs: number[] | undefined = undefined;
  /** What the client says of itself to others, and more of it as a JSON object; both may be empty (PRS-1). */
  status = '';
  meta: Uint8Array = NOTHING;
  /** Set while it takes tasks (OPR-1). */
  operator: OperatorRecord | undefined = undefined;
  /** Set while the client reads too slowly (LOG-11). */
  slow: SlowState | undefined = undefined;

  constructor(options: SessionOptions) {
    this.clientId = options.clientId;
    this.sessionId = options.sessionId;
    this.format = options.format;
    this.description = options.description;
    this.remoteIp = options.remoteIp;
    this.budget = options.budget;
    this.control = options.control;
    this.tenantState = options.tenantState;
    this.openedAtMs = options.openedAtMs;
    this.tokenSinceMs = options.openedAtMs;
    this.closesAtMs = options.closesAtMs;
    this.principal = options.principal;
    this.rights = options.rights;
    this.lastSeenMs = options.openedAtMonotonicMs;
    this.lastPingMs = options.openedAtMonotonicMs;
  }

  get tenant(): TenantId {
    return this.principal.tenant;
  }

  get user(): UserId {
    return this.principal.user;
  }

  get defaultRoom(): string {
    return this.description.defaultRoom;
  }

  get defaultChannel(): string {
    return this.description.defaultChannel;
  }

  claim(name: string): string | undefined {
    const { principal } = this;
    switch (name) {
      case 'sub':
        return principal.user;
      case 'tenant_id':
        return principal.tenant;
      case 'role':
        return principal.role;
      case 'name':
        return principal.name;
      case 'capabilities':
        return JSON.stringify(principal.capabilities);
      default:
        return undefined;
    }
  }

  isSubscribed(room: string, channel: string): boolean {
    return this.subscriptions.has(`${room}:${channel}`);
  }
}

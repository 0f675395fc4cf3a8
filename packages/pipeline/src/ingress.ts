import type { PublicationView } from '@arqonbus/casil';
import type { Rights } from '@arqonbus/auth';
import type { ClientId, Envelope, TenantId, UserId } from '@arqonbus/protocol';
import type { BoundSchema } from './bound-schema.ts';
import type { RateBudget } from './rate-budget.ts';

/** How a client writes its frames. */
export type WireFormat = 'json' | 'proto';

/** Who a message comes from: a connection's session, or a service that publishes for somebody (SAF-3). */
export interface Origin {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly clientId: ClientId;
  readonly rights: Rights;
  readonly format: WireFormat;
  /** Where messages go that name no room, or no channel; empty = nowhere. */
  readonly defaultRoom: string;
  readonly defaultChannel: string;
  /** What the origin may still send. */
  readonly budget: RateBudget;
  /** What its token says of it, by the names of claims; lists as JSON. Absent = it has no token. */
  claim?(name: string): string | undefined;
  /** A service of the bus asks for it, which no client can be (PRT-18). Absent = no. */
  readonly isService?: boolean;
  /** What a service says in `metadata`, under names that clients may not use (CRN-3); absent = nothing. */
  readonly serviceMetadata?: Readonly<Record<string, unknown>> | undefined;
  /** True when it holds a subscription of `room:channel`. */
  isSubscribed(room: string, channel: string): boolean;
}

/** One message on its way in, handed from stage to stage. */
export interface Ingress {
  readonly origin: Origin;
  /** The frame as it came. Valid during the run only. */
  readonly frame: Uint8Array;
  /** Server time of arrival, ms since the Unix epoch (LOG-12). */
  readonly nowMs: number;
  /** The same moment on the monotonic clock, which rates are counted by. */
  readonly monotonicMs: number;
  /** What the frame says; the decode stage puts it here, later stages may rewrite its fields. */
  envelope: Envelope;
  /** The schema of the channel, which the payload fits; absent = there is none, or it does not. */
  schema?: BoundSchema | undefined;
  /** What `metadata.casil` is to say (CAS-8); absent = nothing. */
  casil?: object | undefined;
  /** What some readers see in the place of the payload (CAS-12); absent = all see the same. */
  views?: readonly PublicationView[] | undefined;
}

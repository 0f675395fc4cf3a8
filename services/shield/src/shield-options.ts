import type { Authenticator } from '@arqonbus/auth';
import type { Config } from '@arqonbus/config';
import type { Clock, Limits, TenantId } from '@arqonbus/protocol';
import type {
  ChannelLog,
  EpisodeStream,
  KeyValueStore,
  LogChange,
  OpenWorkQueue,
  ProfileOf,
  Spine,
} from '@arqonbus/spine';
import type { Logger, Metrics, Tracing } from '@arqonbus/telemetry';
import type { ListenerFactory } from './listener/listener.ts';

/** What a Shield is made from. It owns none of these but what it makes with `listener`. */
export interface ShieldOptions {
  readonly host: string;
  /** 0 = a free port. */
  readonly port: number;
  /** Of the telemetry stream; 0 = a free port. */
  readonly telemetryPort: number;
  readonly listener: ListenerFactory;
  /** Certificate chain and key with which the listeners end TLS (AUT-6); empty = they do not. */
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  readonly compression: boolean;
  readonly queryToken: boolean;
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  /** These four are sections of a configuration in which settings change at run time: read them each time (CFG-1). */
  readonly access: Config['access'];
  readonly private: Config['private'];
  readonly casil: Config['casil'];
  /** How long who was lost stays a member (PRS-2). */
  readonly lingerMs: number;
  /** Of resume tokens: the first one seals, all of them open (PRT-7). */
  readonly resumeKeys: readonly [Uint8Array, ...Uint8Array[]];
  /** Of what some readers see: the first one seals, all of them open (CAS-12). */
  readonly viewKeys: readonly [Uint8Array, ...Uint8Array[]];
  /** How long after a loss a session may be resumed; 0 = none may. */
  readonly resumeWindowMs: number;
  readonly limits: Limits;
  /** Told after each such change. */
  readonly onSettings: (listener: () => void) => void;
  readonly drainTimeoutMs: number;
  readonly spine: Spine;
  readonly log: ChannelLog;
  readonly profileOf: ProfileOf;
  /** Told whenever channels may have another profile or epoch. */
  readonly onLogChange: (listener: (change: LogChange) => void) => void;
  /** Told of a tenant after each erasure from its logs. Default: there are none. */
  readonly onErased?: (listener: (tenant: TenantId) => void) => void;
  /** Where webhooks are told of events. */
  readonly openWork: OpenWorkQueue;
  /** Where events of episodes are kept for the projector. */
  readonly episodes: EpisodeStream;
  /** What is published in this `room:channel` is one; empty = nothing is. */
  readonly episodeChannel: string;
  readonly keyValue: KeyValueStore;
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  /** Absent = nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Fills the bytes it is given with randomness; ids come from it. */
  readonly fillRandom: (bytes: Uint8Array) => void;
  readonly version: string;
}

import type { Authenticator } from '@arqonbus/auth';
import type { Config, TlsPair } from '@arqonbus/config';
import type { Clock, Limits } from '@arqonbus/protocol';
import type { KeyValueStore, Spine } from '@arqonbus/spine';
import type { Logger, Metrics } from '@arqonbus/telemetry';

type BridgeSettings = Config['bridge'];

/** What a Bridge is made from. It owns none of these. */
export interface BridgeOptions extends BridgeSettings {
  readonly outbox: Config['outbox'];
  /** Absent = it speaks plain HTTP. */
  readonly tls: TlsPair | undefined;
  readonly limits: Limits;
  readonly spine: Spine;
  readonly keyValue: KeyValueStore;
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly version: string;
}

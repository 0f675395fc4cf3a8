import type { Listener, ListenerHandlers } from './listener/listener.ts';
import type { Peer } from './session/peer.ts';
import type { ShieldOptions } from './shield-options.ts';
import type { TelemetryPeer } from './telemetry-stream/follower.ts';
import type { TelemetryStream } from './telemetry-stream/telemetry-stream.ts';
import { followTls, readTls } from './tls/open-tls.ts';

/** The two ports of a Shield. */
export interface ListenerParts {
  readonly listener: Listener<Peer>;
  readonly telemetryListener: Listener<TelemetryPeer>;
  /** Ends the watch over the certificate of both. */
  readonly stopTls: () => void;
}

const LISTENER_TIMES = { handshakeTimeoutMs: 5_000, closeGraceMs: 1_000 };

/** Makes the listeners, for TLS where there is a certificate. Throws `UNAVAILABLE` for one that cannot be used. */
export function composeListeners(
  options: ShieldOptions,
  handlers: ListenerHandlers<Peer>,
  telemetryStream: TelemetryStream,
): ListenerParts {
  const limits = { ...options.limits, ...LISTENER_TIMES, compression: options.compression };
  const tls = readTls(options);
  const listener = options.listener<Peer>(handlers, limits, tls);
  const telemetryListener = options.listener<TelemetryPeer>(telemetryStream.handlers, limits, tls);
  const certificate = tls && followTls(tls, [listener, telemetryListener], options);
  return { listener, telemetryListener, stopTls: () => certificate?.stop() };
}

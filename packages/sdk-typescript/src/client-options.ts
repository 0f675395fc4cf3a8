import type { Clock } from './clock.ts';
import type { PageEvents } from './page-events.ts';
import type { WebSocketConstructor } from './web-socket-port.ts';

/** How to reach the bus, and as whom. */
export interface ClientOptions {
  /** `ws://` or `wss://` (`http://` and `https://` mean the same), such as `wss://bus.example.com/v1/socket`. */
  readonly url: string;
  /**
   * The token, or a function that gets a fresh one. Only with a function can the client replace an expired token; the
   * function is asked when a token is needed, not at every reconnect.
   */
  readonly token: string | (() => string | Promise<string>);
  /** The wire format; both meet in one channel. Default: `proto` for `service` and `ai-agent`, `json` for all others. */
  readonly format?: 'json' | 'proto';
  /** What kind of client this is (PRT-3). Default: the server's, `human`. */
  readonly clientType?: 'human' | 'ai-agent' | 'dashboard' | 'service';
  /** The name that others see (PRT-3). */
  readonly screenName?: string;
  /** See PRT-3. */
  readonly avatar?: string;
  /** See PRT-3. */
  readonly personality?: string;
  /** The WebSocket to use. Default: the platform's; Node 20 has none, pass the one of the package `ws`. */
  readonly webSocket?: WebSocketConstructor;
  /** How long a request may stay without an answer. Default 10,000 ms. */
  readonly requestTimeoutMs?: number;
  /** How long the first `connect()` goes on trying. Default 20,000 ms. */
  readonly connectTimeoutMs?: number;
  /** How long a publication without an answer is tried again under its id. Default and maximum 60,000 ms (LOG-5). */
  readonly publishRetryMs?: number;
  /** The platform's word on network and page. Default: the browser's or worker's events; nothing in Node. */
  readonly pageEvents?: PageEvents;
  /** Time. Default: the platform's. */
  readonly clock?: Clock;
  /** Gives numbers in [0, 1) for the jitter. Default Math.random. */
  readonly random?: () => number;
  /** Fills bytes for message ids. Default crypto.getRandomValues. */
  readonly randomBytes?: (bytes: Uint8Array) => void;
}

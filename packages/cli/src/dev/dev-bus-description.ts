import type { DevelopmentIssuer } from '@arqonbus/auth';
import type { Config } from '@arqonbus/config';
import type { EmbeddedBus } from './embedded-bus.ts';

/** Where a development bus is and how to get in; the one line of `arqon dev --json` (ARC-11). */
export interface DevBusDescription {
  readonly ws_url: string;
  readonly http_url: string;
  readonly telemetry_url: string;
  /** Of the Bridge, for servers. */
  readonly bridge_url: string;
  /** The same by gRPC. */
  readonly grpc_url: string;
  readonly token: string;
  readonly admin_token: string;
  readonly jwt_secret: string;
}

const TOKEN_TTL_MS = 24 * 3_600_000;
const TENANT = 'dev';

/** Describes a running bus, with tokens for a day. */
export async function describeDevBus(
  bus: EmbeddedBus,
  config: Config,
  issuer: DevelopmentIssuer,
): Promise<DevBusDescription> {
  const order = { tenant: TENANT, ttlMs: TOKEN_TTL_MS };
  const [scheme, httpScheme] = config.server.tlsCertFile === '' ? ['ws', 'http'] : ['wss', 'https'];
  return {
    ws_url: `${scheme}://${hostOf(config.server.host)}:${bus.wsPort}/v1/socket`,
    http_url: `http://${hostOf(config.http.host)}:${bus.httpPort}`,
    telemetry_url: `${scheme}://${hostOf(config.server.host)}:${bus.telemetryPort}/v1/socket`,
    bridge_url: `${httpScheme}://${hostOf(config.bridge.host)}:${bus.bridgePort}`,
    grpc_url: `${httpScheme}://${hostOf(config.bridge.host)}:${bus.grpcPort}`,
    token: await issuer.issue({ ...order, user: 'dev-user', role: 'user' }),
    admin_token: await issuer.issue({ ...order, user: 'dev-admin', role: 'admin' }),
    jwt_secret: config.auth.jwtSecret,
  };
}

/** Prints it for programs, or for people with the chat page's address. */
export function printDevBus(description: DevBusDescription, bus: EmbeddedBus, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify(description)}\n`);
    return;
  }
  const {
    ws_url: wsUrl,
    http_url: httpUrl,
    telemetry_url: telemetryUrl,
    bridge_url: bridgeUrl,
    grpc_url: grpcUrl,
  } = description;
  const { token, admin_token: adminToken } = description;
  process.stdout.write(
    `${[
      `ArqonBus is running (${bus.listener.name} socket server: ${bus.listener.reason}).`,
      '',
      `  WebSocket    ${wsUrl}`,
      `  Admin        ${httpUrl}/health`,
      `  Telemetry    ${telemetryUrl}`,
      `  HTTP         ${bridgeUrl}/v1/openapi.json`,
      `  gRPC         ${grpcUrl.replace(/^https?:\/\//, '')}`,
      `  User token   ${token}`,
      `  Admin token  ${adminToken}`,
      '',
      `  Chat in two browser tabs:`,
      `  ${httpUrl}/chat#${new URLSearchParams({ ws: wsUrl, token, room: 'science:general' }).toString()}`,
      '',
      'Messages are kept in memory and are gone when this process ends, and so are these tokens, unless',
      'ARQONBUS_AUTH_JWT_SECRET is set (`arqon auth gen` makes one). Ctrl-C ends it.',
    ].join('\n')}\n`,
  );
}

function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

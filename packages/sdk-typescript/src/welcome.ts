import { DEFAULT_LIMITS, parseTime } from '@arqonbus/protocol';

/** What the server grants this connection (PRT-4). Sizes in bytes, rates per second. */
export interface WelcomeLimits {
  readonly maxFrameBytes: number;
  readonly maxSubscriptions: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly commandsPerSecond: number;
  readonly maxDepth: number;
  readonly historyPage: number;
  readonly recoveryPage: number;
}

/** The server's greeting: who you are, and what is granted (PRT-4). */
export interface Welcome {
  readonly clientId: string;
  readonly sessionId: string;
  readonly user: string;
  readonly tenant: string;
  readonly protocol: string;
  readonly serverTime: Date | undefined;
  readonly heartbeatMs: number;
  readonly limits: WelcomeLimits;
  readonly tokenExpiresAt: Date | undefined;
  readonly resumeToken: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the payload of a `welcome`, or returns undefined when it names no client id. What is missing or of the wrong
 * type takes the shipped default: an odd greeting is no reason to stay away.
 */
export function parseWelcome(payload: Fields): Welcome | undefined {
  const clientId = textOf(payload, 'client_id');
  if (clientId === '') return undefined;
  return {
    clientId,
    sessionId: textOf(payload, 'session_id'),
    user: textOf(payload, 'user'),
    tenant: textOf(payload, 'tenant'),
    protocol: textOf(payload, 'protocol'),
    serverTime: timeOf(payload, 'server_time'),
    heartbeatMs: numberOf(payload, 'heartbeat_ms', DEFAULT_LIMITS.heartbeatMs),
    limits: parseLimits(isFields(payload['limits']) ? payload['limits'] : {}),
    tokenExpiresAt: timeOf(payload, 'token_expires_at'),
    resumeToken: textOf(payload, 'resume_token'),
  };
}

function parseLimits(limits: Fields): WelcomeLimits {
  return {
    maxFrameBytes: numberOf(limits, 'max_frame_bytes', DEFAULT_LIMITS.maxFrameBytes),
    maxSubscriptions: numberOf(limits, 'max_subscriptions', DEFAULT_LIMITS.maxSubscriptions),
    messagesPerSecond: numberOf(limits, 'messages_per_second', DEFAULT_LIMITS.messagesPerSecond),
    bytesPerSecond: numberOf(limits, 'bytes_per_second', DEFAULT_LIMITS.bytesPerSecond),
    commandsPerSecond: numberOf(limits, 'commands_per_second', DEFAULT_LIMITS.commandsPerSecond),
    maxDepth: numberOf(limits, 'max_depth', DEFAULT_LIMITS.maxDepth),
    historyPage: numberOf(limits, 'history_page', DEFAULT_LIMITS.historyPage),
    recoveryPage: numberOf(limits, 'recovery_page', DEFAULT_LIMITS.recoveryPage),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

function numberOf(fields: Fields, name: string, fallback: number): number {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : fallback;
}

function timeOf(fields: Fields, name: string): Date | undefined {
  const ms = parseTime(textOf(fields, name));
  return ms === undefined ? undefined : new Date(ms);
}

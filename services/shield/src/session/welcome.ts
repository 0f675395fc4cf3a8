import { formatTime } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import type { Session } from './session.ts';

/** What the first frame tells a client (PRT-4). */
export function welcomePayload(session: Session, limits: Limits, nowMs: number, resumeToken: string): object {
  return {
    event: 'welcome',
    client_id: session.clientId,
    session_id: session.sessionId,
    user: session.user,
    tenant: session.tenant,
    protocol: '1.0',
    server_time: formatTime(nowMs),
    heartbeat_ms: limits.heartbeatMs,
    limits: {
      max_frame_bytes: limits.maxFrameBytes,
      max_subscriptions: limits.maxSubscriptions,
      messages_per_second: limits.messagesPerSecond,
      bytes_per_second: limits.bytesPerSecond,
      commands_per_second: limits.commandsPerSecond,
      max_depth: limits.maxDepth,
      history_page: limits.historyPage,
      recovery_page: limits.recoveryPage,
    },
    token_expires_at: formatTime(session.principal.expiresAtMs),
    ...(resumeToken === '' ? {} : { resume_token: resumeToken }),
  };
}

import { explainToken } from '@arqonbus/auth';
import type { UpgradeOutcome, UpgradeProbe } from './probe-upgrade.ts';

/** What is wrong, and what to do about it. */
export interface Complaint {
  readonly text: string;
  readonly fix: string;
}

const TLS_FIX = 'are ws:// and wss:// mixed up? One end seems to speak TLS and the other not';

const NETWORK_FIXES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'is the server running, and is this its port for clients (ARQONBUS_SERVER_PORT, 9100)?',
  ENOTFOUND: 'the name cannot be resolved; is it spelt right?',
  EAI_AGAIN: 'the name cannot be resolved now; is the network there?',
  ETIMEDOUT: 'does a firewall lie between, or are ws:// and wss:// mixed up?',
  ECONNRESET: TLS_FIX,
  EPROTO: TLS_FIX,
};

/** Why a server did not open a connection, in words for somebody who wonders why nothing arrives. */
export function explainRefusal(outcome: Exclude<UpgradeOutcome, { kind: 'open' }>, probe: UpgradeProbe): Complaint {
  if (outcome.kind === 'unreachable') {
    const fix =
      NETWORK_FIXES[outcome.code] ?? 'is this the address of a Shield, and does a proxy on the way pass WebSockets?';
    return { text: `${probe.url} cannot be reached (${outcome.code === '' ? outcome.text : outcome.code})`, fix };
  }
  const { status, code, text } = outcome;
  switch (code) {
    case 'AUTHENTICATION_FAILED':
    case 'TOKEN_EXPIRED':
      return explainToken(probe.token, Date.now());
    case 'BANNED':
      return { text: 'the user of this token is banned', fix: 'an administrator lifts it: op.ban.lift' };
    case 'AUTHORIZATION_ERROR':
      return {
        text: `pages of the origin ${probe.origin} may not connect`,
        fix: 'add it to server.allowed_origins, exactly as the browser sends it',
      };
    case 'QUOTA_EXCEEDED':
    case 'RATE_LIMITED':
      return { text: `there are too many connections or tries: ${code}`, fix: 'see limits.* in the configuration' };
    case 'UNAVAILABLE':
      return { text: 'the server takes nobody now: it is ending, full, or cut from its Spine', fix: 'look at /health' };
    case '':
      return {
        text: `${probe.url} answers ${status}, and not as ArqonBus does`,
        fix: 'is another server or a proxy there?',
      };
    default:
      return { text: `the server refuses: ${code} ${text}`, fix: 'clients connect to the path /v1/socket' };
  }
}

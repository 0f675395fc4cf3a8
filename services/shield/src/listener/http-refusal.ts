import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '@arqonbus/protocol';
import type { UpgradeRefusal } from './listener.ts';

/** A refusal with the JSON body that every HTTP answer of the bus has (PRT-2): `{error, error_code, details}`. */
export function jsonRefusal(
  status: number,
  errorCode: ErrorCode,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): UpgradeRefusal {
  return { accept: false, status, headers, body: JSON.stringify({ error, error_code: errorCode, details: {} }) };
}

/** What every refusal says beside its own headers: what the body is, and that it is nothing else. */
export const refusalHeaders: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
};

/** `401 Unauthorized`. */
export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
}

/** The answer to a request that is no upgrade: 404, or 426 on an upgrade path (PRT-1). */
export function refusePlainRequest(isUpgradePath: boolean): UpgradeRefusal {
  return isUpgradePath
    ? jsonRefusal(426, 'VALIDATION_ERROR', 'This address speaks WebSocket only.', upgradeRequired)
    : jsonRefusal(404, 'NOT_FOUND', 'There is no such address.');
}

/** What RFC 6455, 4.4 and RFC 9110, 15.5.22 ask of a 426. */
export const upgradeRequired: Readonly<Record<string, string>> = {
  upgrade: 'websocket',
  'sec-websocket-version': '13',
};

/** The answer where the decision on an upgrade failed. */
export const failedDecision: UpgradeRefusal = jsonRefusal(500, 'INTERNAL_ERROR', 'Something went wrong on our side.');

import { errorTable } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';
import type { EdgeMessage, EdgeOutcome } from '@arqonbus/spine';
import type { OutboxEnd, OutboxRow } from '@arqonbus/storage/outbox';

/** Publishes at the edge, with the rights of the outbox's key. */
export type PublishAtEdge = (messages: readonly EdgeMessage[]) => Promise<readonly EdgeOutcome[]>;

/** What became of some rows. */
export interface RowsOutcome {
  readonly ends: readonly OutboxEnd[];
  /** Channels whose rows have to wait, with the time that was asked for. */
  readonly waiting: ReadonlyMap<string, { readonly code: ErrorCode; readonly askedMs: number | undefined }>;
}

const MAX_TEXT = 1_000;

/**
 * Publishes rows, each under its own id and in its channel's order (PRT-19), through the pipeline that everything passes
 * (SAF-3). What is refused for good ends so; what may go better later is no end, and those behind it in its channel are none
 * either. Throws where nothing is known of any of them.
 */
export async function publishRows(rows: readonly OutboxRow[], publish: PublishAtEdge): Promise<RowsOutcome> {
  const read = rows.map((row) => ({ row, message: messageOf(row) }));
  const good = read.flatMap(({ row, message }) => (typeof message === 'string' ? [] : [{ row, message }]));
  const outcomes = good.length === 0 ? [] : await publish(good.map(({ message }) => message));
  const ends: OutboxEnd[] = read.flatMap(({ row, message }) =>
    typeof message === 'string' ? [refused(row, message, errorTable[message].text)] : [],
  );
  const waiting = new Map<string, { readonly code: ErrorCode; readonly askedMs: number | undefined }>();
  for (const [index, { row }] of good.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined || waiting.has(row.channel)) continue;
    if (outcome.ok) ends.push({ rowId: row.rowId, state: 'published' });
    else if (!errorTable[outcome.code].isRetryable) ends.push(refused(row, outcome.code, textOf(outcome)));
    else {
      const asked = outcome.details['retry_after_ms'];
      waiting.set(row.channel, { code: outcome.code, askedMs: typeof asked === 'number' ? asked : undefined });
      if (isOpen(outcome.code)) ends.push({ rowId: row.rowId, state: 'tried' });
    }
  }
  return { ends, waiting };
}

/** It may have been stored all the same. */
export function isOpen(code: ErrorCode): boolean {
  return code === 'TIMEOUT' || code === 'UNAVAILABLE';
}

/** The message, or why there can be none. */
function messageOf({ channel, messageId, payload, headers }: OutboxRow): EdgeMessage | ErrorCode {
  if (payload === undefined) return 'PAYLOAD_TOO_LARGE';
  const parsed = headers === undefined ? {} : parseHeaders(headers);
  if (parsed === undefined) return 'VALIDATION_ERROR';
  return {
    lane: channel,
    envelope: { id: messageId, room: channel, payload: Buffer.from(payload), headers: parsed },
  };
}

function parseHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const headers = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return Object.values(headers).every((value) => typeof value === 'string')
    ? (headers as Readonly<Record<string, string>>)
    : undefined;
}

function refused({ rowId }: OutboxRow, code: ErrorCode, text: string): OutboxEnd {
  return { rowId, state: 'refused', code, text };
}

function textOf({ text, details }: Extract<EdgeOutcome, { ok: false }>): string {
  const more = Object.keys(details).length === 0 ? '' : ` ${JSON.stringify(details)}`;
  return `${text}${more}`.slice(0, MAX_TEXT);
}

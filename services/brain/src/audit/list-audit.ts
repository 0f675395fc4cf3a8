import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { AuditRecord, ListAuditRequest } from '@arqonbus/protocol/spine-messages';
import type { AuditTrail } from '@arqonbus/spine';
import { pageLimit } from '../paging/page.ts';
import type { Page } from '../paging/page.ts';
import { parseTenantOrSystem, parseText } from '../requests/parse-request.ts';

/** What listing reads. */
export interface ListAuditParts {
  readonly trail: Pick<AuditTrail, 'read'>;
  readonly pageBytes: number;
}

const READ_LIMIT = 500;
const READ_BYTES = 524_288;
/** Records that one page may look through: who filters finely gets short pages with a cursor. */
const MAX_SCANNED = 5_000;
const MAX_ACTION_LENGTH = 64;
/** Names of the fields in a JSON frame, digits and quotes. */
const FIELDS_BYTES = 400;

/** Lists a chain page by page, oldest first. What cannot be read is left out: verifying names it. */
export async function listAudit(parts: ListAuditParts, request: ListAuditRequest): Promise<Page<AuditRecord>> {
  const tenant = parseTenantOrSystem(request.tenant);
  const action = parseText(request.action, MAX_ACTION_LENGTH, 'action');
  const limit = pageLimit(request.limit);
  const page: PageState = { items: [], bytes: 0, scanned: 0, position: parseCursor(request.cursor) };
  while (page.items.length < limit && page.bytes < parts.pageBytes && page.scanned < MAX_SCANNED) {
    const isMore = await readOn(parts, tenant, { ...request, action, limit }, page);
    if (!isMore) return { items: page.items, cursor: '' };
  }
  return { items: page.items, cursor: formatCursor(page.position) };
}

interface PageState {
  readonly items: AuditRecord[];
  bytes: number;
  scanned: number;
  /** Of the last record that was looked at. */
  position: number;
}

type Wanted = Pick<ListAuditRequest, 'sinceMs' | 'untilMs' | 'action' | 'limit'>;

/** Takes what is wanted of the next records; false = there are no more. */
async function readOn(
  { trail, pageBytes }: ListAuditParts,
  tenant: TenantId,
  wanted: Wanted,
  page: PageState,
): Promise<boolean> {
  const range = { afterPosition: page.position, limit: READ_LIMIT, maxBytes: READ_BYTES };
  const entries = await trail.read(tenant, range);
  for (const { position, data } of entries) {
    const record = readMessage(AuditRecordSchema, data);
    if (record !== undefined && isWanted(record, wanted)) {
      // An escape makes a byte two.
      const bytes = FIELDS_BYTES + 2 * data.length;
      if (page.items.length > 0 && page.bytes + bytes > pageBytes) {
        page.bytes = pageBytes;
        return true;
      }
      page.items.push(record);
      page.bytes += bytes;
    }
    page.scanned += 1;
    page.position = position;
    if (page.items.length >= wanted.limit) return true;
  }
  return entries.length > 0;
}

function isWanted({ atMs, action }: AuditRecord, wanted: Wanted): boolean {
  if (wanted.action !== '' && wanted.action !== action) return false;
  return atMs >= wanted.sinceMs && (wanted.untilMs === 0n || atMs < wanted.untilMs);
}

function formatCursor(position: number): string {
  return position.toString(36);
}

function parseCursor(cursor: string): number {
  if (cursor === '') return 0;
  if (!/^[0-9a-z]{1,11}$/.test(cursor)) throw new BusError('VALIDATION_ERROR', 'The cursor is malformed.');
  return Number.parseInt(cursor, 36);
}

import { ALL_NAMESPACES } from '@arqonbus/protocol';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  StoreChangesRequest,
  StoreChangesResultSchema,
  StoreGetRequest,
  StoreGetResultSchema,
  StoreListRequest,
  StoreListResultSchema,
} from '@arqonbus/protocol/spine-messages';
import { entryBytes } from '@arqonbus/storage';
import type { EntryPlace, StoredEntry } from '@arqonbus/storage';
import { jsonBytes, pageLimit, parseCursor, takePage } from '../paging/page.ts';
import { parseTenant } from '../requests/parse-request.ts';
import { messageOf, messageWithoutValue } from './entry-message.ts';
import { parseCount, parseNamespace, parsePlace, parsePrefix } from './parse-place.ts';
import type { StoreParts } from './store-parts.ts';

/** Names of the fields, version and time of one key in a JSON frame. */
const FIELDS_BYTES = 180;

/** Changes in one answer: with values of the largest size it still fits what the Spine carries. */
const MAX_CHANGES = 100;
const MAX_CHANGES_BYTES = 1_048_576;

/** Gives a value (STO-1). */
export async function getEntry(
  { store }: StoreParts,
  request: StoreGetRequest,
): Promise<MessageInitShape<typeof StoreGetResultSchema>> {
  const entry = await store.get(parseTenant(request.tenant), parsePlace(request));
  return entry === undefined ? {} : { entry: messageOf(entry) };
}

/** Lists keys, of one namespace or of all. */
export async function listEntries(
  { store, limits }: StoreParts,
  request: StoreListRequest,
): Promise<MessageInitShape<typeof StoreListResultSchema>> {
  const tenant = parseTenant(request.tenant);
  const isAll = request.namespace === ALL_NAMESPACES;
  const namespace = isAll ? undefined : parseNamespace(request.namespace);
  const prefix = parsePrefix(request.prefix);
  const limit = pageLimit(request.limit);
  const after = placeAfter(request);
  // One more than asked for tells whether there are more.
  const found = await store.list(tenant, { namespace, prefix, after, limit: limit + 1 });
  const keyOf = (entry: StoredEntry): string => (isAll ? `${entry.namespace}:${entry.key}` : entry.key);
  const paging = { keyOf, sizeOf, pageBytes: limits.pageBytes };
  const page = takePage(found, { cursor: '', limit }, paging);
  return { entries: page.items.map(messageWithoutValue), cursor: page.cursor };
}

/** Where a page begins. No namespace has a colon. */
function placeAfter({ namespace, cursor }: StoreListRequest): EntryPlace {
  if (cursor === '') return { namespace: '', key: '' };
  const last = parseCursor(cursor);
  if (namespace !== ALL_NAMESPACES) return { namespace, key: parsePrefix(last) };
  const end = last.indexOf(':');
  return { namespace: parseNamespace(last.slice(0, Math.max(0, end))), key: parsePrefix(last.slice(end + 1)) };
}

function sizeOf({ key }: StoredEntry): number {
  return FIELDS_BYTES + jsonBytes(key);
}

/** Tells what has changed since a version. */
export async function listChanges(
  { store }: StoreParts,
  request: StoreChangesRequest,
): Promise<MessageInitShape<typeof StoreChangesResultSchema>> {
  const after = parseCount(request.after);
  const wanted = after === undefined ? 0 : MAX_CHANGES;
  const found = await store.changesAfter(parseTenant(request.tenant), after ?? 0, wanted);
  const entries = firstOf(found.entries);
  const isCut = wanted > 0 && (entries.length < found.entries.length || entries.length === wanted);
  const upto = isCut ? (entries.at(-1)?.version ?? found.version) : found.version;
  const [version, floor] = [BigInt(found.version), BigInt(found.floor)];
  return { version, floor, entries: entries.map(messageOf), upto: BigInt(upto) };
}

function firstOf(entries: readonly StoredEntry[]): readonly StoredEntry[] {
  let bytes = 0;
  const end = entries.findIndex((entry) => (bytes += entryBytes(entry)) > MAX_CHANGES_BYTES);
  return end === -1 ? entries : entries.slice(0, Math.max(1, end));
}

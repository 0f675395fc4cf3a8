import { BusError } from '@arqonbus/protocol';

/** What a caller asks of a list: an opaque cursor (empty = from the start) and a number of items (0 = {@link DEFAULT_PAGE}). */
export interface PageRequest {
  readonly cursor: string;
  readonly limit: number;
}

/** A part of a list; `cursor` is empty when nothing follows. */
export interface Page<T> {
  readonly items: T[];
  readonly cursor: string;
}

/** How items of a list are told apart and measured. */
export interface Paging<T> {
  /** The place of an item in the order of the list, which is that of code units. */
  readonly keyOf: (item: T) => string;
  /** About how many bytes the item takes in a JSON frame. */
  readonly sizeOf: (item: T) => number;
  /** A page ends before it grows beyond this (PRT-22). One item is always in it. */
  readonly pageBytes: number;
}

/** Size of a page where the caller names none. */
export const DEFAULT_PAGE = 100;

/** Largest size of a page. */
export const MAX_PAGE = 1_000;

const MAX_CURSOR_LENGTH = 512;

/** Size of a page for what was asked; 0 = nothing was. */
export function pageLimit(asked: number): number {
  return asked === 0 ? DEFAULT_PAGE : Math.min(asked, MAX_PAGE);
}

/**
 * Cuts a page out of a sorted list. The cursor holds the key of the last item, not a number of items: what comes and
 * goes between two pages shifts nothing, so no item that stays is missed or told twice.
 */
export function takePage<T>(sorted: readonly T[], request: PageRequest, paging: Paging<T>): Page<T> {
  const start = request.cursor === '' ? 0 : firstAfter(sorted, parseCursor(request.cursor), paging.keyOf);
  const limit = pageLimit(request.limit);
  const items: T[] = [];
  let bytes = 0;
  for (let i = start; i < sorted.length && items.length < limit; i++) {
    const item = sorted[i] as T;
    bytes += paging.sizeOf(item);
    if (items.length > 0 && bytes > paging.pageBytes) break;
    items.push(item);
  }
  const isLast = start + items.length >= sorted.length;
  return { items, cursor: isLast ? '' : formatCursor(paging.keyOf(items[items.length - 1] as T)) };
}

/** Bytes of a text inside a JSON frame, quotes and escapes included. */
export function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

function firstAfter<T>(sorted: readonly T[], key: string, keyOf: (item: T) => string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(sorted[middle] as T) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What {@link parseCursor} reads. */
export function formatCursor(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64url');
}

/** The key of the last item of the page before. Throws `VALIDATION_ERROR` for what is no cursor of ours. */
export function parseCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (cursor.length > MAX_CURSOR_LENGTH || formatCursor(key) !== cursor) {
    throw new BusError('VALIDATION_ERROR', 'The cursor is malformed.');
  }
  return key;
}

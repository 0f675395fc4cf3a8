import {
  ALL_NAMESPACES,
  BusError,
  DEFAULT_NAMESPACE,
  MAX_STORE_VALUE_BYTES,
  formatTime,
  isStoreKey,
  isStorePrefix,
  memberJson,
} from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { StoreChangeResult, StoreEntry } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import { RawJson } from '../../delivery/raw-json.ts';
import type { Session } from '../../session/session.ts';
import type { WatchTarget } from '../../store/store-watch.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { nextPage } from '../next-page.ts';
import { requireRight } from '../require-right.ts';

const decoder = new TextDecoder();

/** Keeps a value (STO-1). Its text is kept as it was written. */
export async function setEntry(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.store.set'>,
  { spine, limits }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.store.set'>>> {
  const place = placeOf(session, args);
  const value = memberJson(envelope.args, 'value', limits);
  if (value === undefined) throw invalid([{ field: 'args.value', problem: 'is required' }]);
  if (value.length > MAX_STORE_VALUE_BYTES) throw new BusError('PAYLOAD_TOO_LARGE');
  const ttlMs = BigInt(args.ttl_seconds ?? 0) * 1_000n;
  const request = { ...place, value, ttlMs, ...conditionOf(args.if_version) };
  const { version } = changedEntry(await callBrain(spine, 'store.set', request, deadlineMs));
  return { result: { namespace: place.namespace, key: place.key, version: Number(version), updated: true } };
}

/** Gives a value. */
export async function getEntry(
  { session, deadlineMs }: CommandCall,
  args: CommandArgs<'op.store.get'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.store.get'>>> {
  const { entry } = await callBrain(spine, 'store.get', placeOf(session, args), deadlineMs);
  if (entry?.value === undefined) return { result: { found: false } };
  const about = { found: true, version: Number(entry.version), ...expiryOf(entry) };
  return { result: { ...about, value: new RawJson(entry.value) } };
}

/** Lists keys. */
export async function listEntries(
  { session, deadlineMs }: CommandCall,
  { namespace = DEFAULT_NAMESPACE, prefix = '', cursor = '', limit = 0 }: CommandArgs<'op.store.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.store.list'>>> {
  const { tenant } = session;
  // Of names that nobody knows yet no grant can say whether they may be seen.
  if (namespace === ALL_NAMESPACES) requireRight(session, 'admin', '*', '*');
  else requireRight(session, 'operate', 'store', namespace);
  checkPrefix(prefix);
  const page = await callBrain(spine, 'store.list', { tenant, namespace, prefix, cursor, limit }, deadlineMs);
  const items = page.entries.map((entry) => ({
    ...(namespace === ALL_NAMESPACES ? { namespace: entry.namespace } : {}),
    key: entry.key,
    version: Number(entry.version),
    ...expiryOf(entry),
  }));
  return { result: { items, ...nextPage(page) } };
}

/** Deletes a value. */
export async function deleteEntry(
  { session, deadlineMs }: CommandCall,
  args: CommandArgs<'op.store.delete'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.store.delete'>>> {
  const request = { ...placeOf(session, args), ...conditionOf(args.if_version) };
  const answer = await callBrain(spine, 'store.delete', request, deadlineMs);
  if (answer.entry === undefined && !answer.conflict) return { result: { deleted: false } };
  return { result: { deleted: true, version: Number(changedEntry(answer).version) } };
}

/** Adds to a number. */
export async function incrementEntry(
  { session, deadlineMs }: CommandCall,
  args: CommandArgs<'op.store.increment'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.store.increment'>>> {
  const request = { ...placeOf(session, args), by: BigInt(args.by ?? 1) };
  const { value, version } = changedEntry(await callBrain(spine, 'store.increment', request, deadlineMs));
  return { result: { value: Number(decoder.decode(value)), version: Number(version) } };
}

/** Tells changes from now on, or from a version on. */
export async function watchEntries(
  { session }: CommandCall,
  args: CommandArgs<'op.store.watch'>,
  { storeWatches }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.store.watch'>>> {
  const target = targetOf(session, args);
  const { version, isComplete, start } = await storeWatches.add(session, target, args.after);
  return { result: { namespace: target.namespace, version, complete: isComplete }, afterReply: start };
}

/** Ends a watch. */
export function unwatchEntries(
  { session }: CommandCall,
  args: CommandArgs<'op.store.unwatch'>,
  { storeWatches }: CommandParts,
): CommandOutcome<CommandResult<'op.store.unwatch'>> {
  return { result: { unwatched: storeWatches.remove(session, targetOf(session, args)) } };
}

interface Named {
  readonly namespace?: string;
  readonly key: string;
}

function placeOf(
  session: Session,
  { namespace = DEFAULT_NAMESPACE, key }: Named,
): { readonly tenant: string; readonly namespace: string; readonly key: string } {
  requireRight(session, 'operate', 'store', namespace);
  if (!isStoreKey(key)) throw invalid([{ field: 'args.key', problem: 'must have at most 256 bytes' }]);
  return { tenant: session.tenant, namespace, key };
}

function targetOf(
  session: Session,
  { namespace = DEFAULT_NAMESPACE, key, prefix }: Partial<Named> & { readonly prefix?: string },
): WatchTarget {
  requireRight(session, 'operate', 'store', namespace);
  if ((key === undefined) === (prefix === undefined)) {
    throw invalid([
      { field: 'args.key', problem: 'is required where there is no prefix, and cannot stand beside one' },
    ]);
  }
  if (key !== undefined) return { namespace, kind: 'key', text: placeOf(session, { namespace, key }).key };
  checkPrefix(prefix ?? '');
  return { namespace, kind: 'prefix', text: prefix ?? '' };
}

function checkPrefix(prefix: string): void {
  if (!isStorePrefix(prefix)) throw invalid([{ field: 'args.prefix', problem: 'must have at most 256 bytes' }]);
}

function conditionOf(ifVersion: number | undefined): { readonly ifVersion?: bigint } {
  return ifVersion === undefined ? {} : { ifVersion: BigInt(ifVersion) };
}

/** The entry after a change; throws `CONFLICT` with the version in force where there was none. */
function changedEntry({ entry, version }: StoreChangeResult): StoreEntry {
  if (entry !== undefined) return entry;
  throw new BusError('CONFLICT', 'Another version is in force.', { details: { version: Number(version) } });
}

function expiryOf({ expiresAtMs }: StoreEntry): { readonly expires_at?: string } {
  return expiresAtMs === 0n ? {} : { expires_at: formatTime(Number(expiresAtMs)) };
}

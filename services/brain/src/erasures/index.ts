import { BusError } from '@arqonbus/protocol';
import type { EraseHistoryRequest } from '@arqonbus/protocol/spine-messages';
import { LOG_PARTITION, serveBrain } from '@arqonbus/spine';
import type { BrainResult, RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import {
  parseChannelOrRoom,
  parseRequester,
  parseRoom,
  parseTenant,
  parseText,
  parseTraceId,
  parseUser,
} from '../requests/parse-request.ts';
import type { Erasures } from './erasures.ts';

/** How long an answer waits for the end of an erasure at most, and what it leaves of the time in which it must be there. */
const PATIENCE_MS = 1_000;
const MARGIN_MS = 500;
const MAX_ID_LENGTH = 64;
/** Beyond it no time can be written down. */
const MAX_TIME_MS = 8_640_000_000_000_000n;

/** Serves `history.erase`, which the Brain that keeps the log answers (LOG-15). Who may ask is for the asker to know. */
export function serveErasures(spine: Spine, erasures: Erasures, observer: RpcObserver): SpineSubscription {
  return serveBrain(
    spine,
    'history.erase',
    (request, deadlineMs) => erase(erasures, request, deadlineMs),
    observer,
    LOG_PARTITION,
  );
}

type Result = Omit<BrainResult<'history.erase'>, '$typeName' | '$unknown'>;

async function erase(erasures: Erasures, request: EraseHistoryRequest, deadlineMs: number): Promise<Result> {
  const tenant = parseTenant(request.tenant);
  const known = parseText(request.erasureId, MAX_ID_LENGTH, 'erasure');
  const erasureId = known === '' ? await erasures.begin(tenant, parseErasure(request)) : known;
  const { isDone, erased, archiveErased } = await erasures.ask(tenant, erasureId, patienceUntil(deadlineMs));
  return { erasureId, isDone, erased: BigInt(erased), archiveErased: BigInt(archiveErased) };
}

function patienceUntil(deadlineMs: number): number {
  return Math.max(0, Math.min(PATIENCE_MS, deadlineMs - performance.now() - MARGIN_MS));
}

function parseErasure(request: EraseHistoryRequest): Pick<EraseHistoryRequest, 'what' | 'requestedBy' | 'traceId'> {
  const { what, requestedBy } = request;
  parseRequester(requestedBy);
  if (what?.room !== undefined) parseRoom(what.room);
  if (what?.channel !== undefined) parseChannelOrRoom(what.channel === '' ? '?' : what.channel);
  if (what?.user !== undefined) parseUser(what.user);
  const { room, channel, user, beforeMs } = what ?? {};
  if (beforeMs !== undefined && (beforeMs < 0n || beforeMs > MAX_TIME_MS)) throw new BusError('VALIDATION_ERROR');
  if ([room, channel, user, beforeMs].every((part) => part === undefined)) {
    throw new BusError('VALIDATION_ERROR', 'Nothing says what is to be erased.');
  }
  return { what, requestedBy, traceId: parseTraceId(request.traceId) };
}

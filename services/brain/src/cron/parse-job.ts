import { BusError } from '@arqonbus/protocol';
import { IdentitySchema, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ScheduleCronRequest } from '@arqonbus/protocol/spine-messages';
import type { Misfire, StoredCronJob } from '@arqonbus/storage';
import { parseChannel, parseRoom, parseText, parseUser } from '../requests/parse-request.ts';
import { expressionProblem, nextOccurrence } from './next-occurrence.ts';

/** From now to the first time, and between two, at most: a year. */
const MAX_SPAN_MS = 366 * 86_400_000;
const MIN_EVERY_MS = 1_000;
const MAX_NAME = 128;

/** The job that somebody wishes for. Throws `VALIDATION_ERROR` where it makes none, or would never be due. */
export function parseJob(request: ScheduleCronRequest, jobId: string, nowMs: number): StoredCronJob {
  const { job: wish, principal } = request;
  if (wish === undefined || principal === undefined) throw refusal('The job is missing.');
  const { expression, timezone, repeatCount, payload } = wish;
  const everyMs = Number(wish.everyMs);
  const delayMs = Number(request.delayMs);
  const isSpan = (ms: number): boolean => ms <= MAX_SPAN_MS && (ms === 0 || ms >= MIN_EVERY_MS);
  if (expression === '') {
    if (!isSpan(everyMs) || !isSpan(delayMs) || everyMs + delayMs === 0) throw refusal('The span is out of range.');
  } else {
    const problem = expressionProblem(expression, timezone);
    if (problem !== undefined) throw refusal(`The ${problem} is malformed.`);
  }
  const schedule = {
    expression,
    timezone: expression === '' ? '' : timezone,
    startAtMs: nowMs + (delayMs === 0 ? everyMs : delayMs),
    everyMs: expression === '' ? everyMs : 0,
  };
  const nextAtMs = nextOccurrence(schedule, nowMs);
  if (nextAtMs === undefined) throw refusal('It would never be due.');
  return {
    ...schedule,
    jobId,
    owner: parseUser(principal.user),
    principal: toBinary(IdentitySchema, principal),
    name: parseText(wish.name, MAX_NAME, 'name'),
    room: parseRoom(wish.room),
    channel: parseChannel(wish.channel),
    payload,
    repeatCount,
    misfire: parseMisfire(wish.misfire),
    status: 'active',
    iteration: 0,
    nextAtMs,
    createdAtMs: nowMs,
  };
}

function parseMisfire(text: string): Misfire {
  if (text === 'skip' || text === 'once' || text === 'all') return text;
  throw refusal('The misfire is none.');
}

function refusal(text: string): BusError {
  return new BusError('VALIDATION_ERROR', text);
}

import { BusError } from '@arqonbus/protocol';
import type { ClientId, Clock } from '@arqonbus/protocol';
import {
  HolderRequestSchema,
  HolderResultSchema,
  HolderResult_State,
  create,
  readMessage,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import type { ResumeToken } from '@arqonbus/protocol/spine-messages';
import { BUCKET_TTL_MS, callBrain, shieldOut } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import type { DirectDeliveries } from '../delivery/direct-deliveries.ts';
import type { MembershipReporter } from '../membership/membership-reporter.ts';
import type { TaskDeliveries } from '../operators/task-deliveries.ts';
import type { Session } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { ResumeTokens } from './resume-tokens.ts';

/** Brings sessions back on new connections (PRT-7). */
export interface Resumes {
  /** The token with which the session can be resumed; '' where nobody may. */
  issue(session: Session): string;
  /**
   * Makes the token's client the caller's, and nobody else's: asks its holder, then the Brain, then has the holder let
   * go. Throws `RESUME_EXPIRED`, or `UNAVAILABLE` when nothing has been decided yet and the token still holds.
   */
  take(session: Session, token: string, deadlineMs: number): Promise<ResumeToken>;
  /** Turns a connection that is in no channel into that client, in one turn; throws `UNAVAILABLE` where it leaves it as it is. */
  adopt(session: Session, token: ResumeToken): void;
}

/** What resuming needs from around it. */
export interface ResumesOptions {
  readonly node: string;
  readonly tokens: ResumeTokens;
  /** 0 = nobody may. */
  readonly windowMs: number;
  readonly spine: Spine;
  readonly clock: Clock;
  readonly sessions: SessionRegistry;
  readonly membership: Pick<MembershipReporter, 'connected' | 'disconnected'>;
  readonly directDeliveries: Pick<DirectDeliveries, 'adopted'>;
  readonly taskDeliveries: Pick<TaskDeliveries, 'adopted'>;
  readonly endReplaced: (session: Session) => void;
  /** Counts what became of each try. */
  readonly onOutcome: (outcome: 'resumed' | 'expired' | 'unavailable') => void;
}

/** A Shield that is there answers within milliseconds; for one that is frozen nobody waits long. */
const HOLDER_TIMEOUT_MS = 500;
/** Clocks of Shields may differ by this much. */
const CLOCK_SKEW_MS = 60_000;
/** Of an older token no record may be left that it was used: a connection never lives that long. */
const MAX_TOKEN_AGE_MS = (BUCKET_TTL_MS.ARQON_RESUMES ?? 0) - CLOCK_SKEW_MS;

/** Resumes at this Shield. */
export function createResumes(options: ResumesOptions): Resumes {
  return {
    issue: ({ tenant, user, clientId, generation, openedAtMs }) => {
      if (options.windowMs === 0) return '';
      const times = { joinedAtMs: BigInt(openedAtMs), issuedAtMs: BigInt(options.clock.now()) };
      return options.tokens.seal({ tenant, user, clientId, generation, holder: options.node, ...times });
    },
    take: async (session, text, deadlineMs) => {
      try {
        const token = await take(session, text, deadlineMs, options);
        options.onOutcome('resumed');
        return token;
      } catch (error) {
        options.onOutcome(error instanceof BusError && error.code === 'RESUME_EXPIRED' ? 'expired' : 'unavailable');
        throw error;
      }
    },
    adopt: (session, token) => adopt(session, token, options),
  };
}

async function take(session: Session, text: string, deadlineMs: number, options: ResumesOptions): Promise<ResumeToken> {
  const token = options.tokens.open(text);
  // Whose token it was is nobody else's business: all of these are told alike.
  if (token === undefined || !isOwn(token, session) || !isTimely(token, options)) throw new BusError('RESUME_EXPIRED');
  const state = await askHolder(token, session, false, options);
  if (state === HolderResult_State.GONE) throw new BusError('RESUME_EXPIRED');
  const { tenant, clientId, generation, holder } = token;
  const asker = { isHeld: state !== undefined, windowMs: BigInt(options.windowMs), node: options.node };
  await callBrain(options.spine, 'resume.claim', { tenant, clientId, generation, holder, ...asker }, deadlineMs);
  await letGo(token, session, options);
  return token;
}

function isOwn({ tenant, user, clientId }: ResumeToken, session: Session): boolean {
  return tenant === session.tenant && user === session.user && clientId !== session.clientId;
}

function isTimely({ issuedAtMs }: ResumeToken, { clock, windowMs }: ResumesOptions): boolean {
  const ageMs = clock.now() - Number(issuedAtMs);
  return windowMs > 0 && ageMs >= -CLOCK_SKEW_MS && ageMs <= MAX_TOKEN_AGE_MS;
}

/** Undefined where the holder is not there, or says nothing. */
async function askHolder(
  { clientId, generation, holder }: ResumeToken,
  { tenant }: Session,
  isTaken: boolean,
  { spine }: ResumesOptions,
): Promise<HolderResult_State | undefined> {
  const request = create(HolderRequestSchema, { tenant, clientId, generation, take: isTaken });
  const data = toBinary(HolderRequestSchema, request);
  try {
    const reply = await spine.request(shieldOut(tenant, holder), data, HOLDER_TIMEOUT_MS);
    return readMessage(HolderResultSchema, reply)?.state;
  } catch (error) {
    if (error instanceof BusError && (error.code === 'NOT_FOUND' || error.code === 'TIMEOUT')) return undefined;
    throw error;
  }
}

/** The claim is won. A holder that cannot be told now hears of it from the Brain, by its own reports. */
async function letGo(token: ResumeToken, session: Session, options: ResumesOptions): Promise<void> {
  try {
    await askHolder(token, session, true, options);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
  }
}

function adopt(session: Session, token: ResumeToken, options: ResumesOptions): void {
  const { sessions, membership, directDeliveries, taskDeliveries, endReplaced, spine } = options;
  // Lost while the holder was told: deliveries could not be heard, and half of one client and half of another would be left.
  if (spine.status() !== 'connected') throw new BusError('UNAVAILABLE');
  const clientId = token.clientId as ClientId;
  const before = sessions.get(clientId);
  if (before !== undefined) endReplaced(before);
  membership.disconnected(session, false);
  sessions.remove(session);
  session.clientId = clientId;
  session.generation = token.generation + 1;
  session.openedAtMs = Number(token.joinedAtMs);
  sessions.add(session);
  directDeliveries.adopted(session);
  taskDeliveries.adopted(session);
  membership.connected(session);
}

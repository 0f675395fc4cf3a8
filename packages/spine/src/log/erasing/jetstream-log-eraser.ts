import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager, JsMsg, StreamInfo } from '@nats-io/jetstream';
import { BusError, isErased } from '@arqonbus/protocol';
import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import { isStreamMissing } from '../../nats/missing-stream.ts';
import type { NatsSpine } from '../../nats/nats-spine.ts';
import type { SubjectFilter } from '../../subjects/subject.ts';
import { addressOf, tenantIn, tenantShard } from '../../subjects/subjects.ts';
import { reach } from '../jetstream/reach.ts';
import { authorOf, readStream } from '../jetstream/read-stream.ts';
import { streamsOf } from '../placement/log-layout.ts';
import type { LogLayout, LogStreamPlace } from '../placement/log-layout.ts';
import type { LogPlaces } from '../placement/log-places.ts';
import type { ErasurePart, LogEraser } from './log-eraser.ts';

/** What erasing from streams needs. */
export interface JetStreamLogEraserOptions {
  readonly places: Pick<LogPlaces, 'layouts'>;
  /** How long a stream may take to answer. Default 2,000. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 2_000;
/** Messages that one step looks at. */
const STEP_MESSAGES = 1_000;
/** Deletions under way together. */
const AT_ONCE = 32;

interface Context {
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly timeoutMs: number;
}

/**
 * Erases from the streams of the log, those of earlier layouts included, where messages lie until they expire. Each message
 * is deleted by itself, with its bytes overwritten on disk. Brains alone have the right to.
 */
export async function createJetStreamLogEraser(
  spine: NatsSpine,
  { places, timeoutMs = DEFAULT_TIMEOUT_MS }: JetStreamLogEraserOptions,
): Promise<LogEraser> {
  const js = jetstream(spine.connection, { timeout: timeoutMs });
  const manager = await jetstreamManager(spine.connection, { timeout: timeoutMs, checkAPI: false });
  const context = { js, manager, timeoutMs };
  return {
    parts: async (tenant, what) => {
      const parts: ErasurePart[] = [];
      for (const place of placesOf(places.layouts, tenant)) {
        const part = await partOf(context, place, tenant, what);
        if (part !== undefined) parts.push(part);
      }
      return parts;
    },
  };
}

/** Every stream that may hold something of a tenant. */
function placesOf(layouts: readonly LogLayout[], tenant: TenantId): Iterable<LogStreamPlace> {
  const found = new Map<string, LogStreamPlace>();
  for (const layout of layouts) {
    const shard = layout.dedicated.includes(tenant) ? tenant : tenantShard(tenant, layout.shards);
    for (const place of streamsOf(layout)) if (place.shard === shard) found.set(place.stream, place);
  }
  return found.values();
}

/** Undefined where the stream holds nothing that could be meant. */
async function partOf(
  context: Context,
  { stream, profile, shard }: LogStreamPlace,
  tenant: TenantId,
  what: EraseFilter,
): Promise<ErasurePart | undefined> {
  const filter = tenantIn(profile.name, shard, tenant, what);
  const info = await reach(() => infoOf(context.manager, stream, filter));
  const counts = Object.values(info?.state.subjects ?? {});
  if (info === undefined || counts.length === 0) return undefined;
  if (info.config.deny_delete) {
    const text = `The stream ${stream} was made by an earlier release and cannot give up single messages.`;
    throw new BusError('FEATURE_DISABLED', text);
  }
  const { last_seq: lastSeq } = info.state;
  const isCut = counts.some((count) => count > profile.maxMessages);
  let afterSeq = 0;
  return {
    stream,
    cutSeq: isCut ? lastSeq : 0,
    maxAgeMs: profile.maxAgeMs,
    step: async () => {
      const { js, timeoutMs } = context;
      const page = { limit: STEP_MESSAGES, maxBytes: Number.POSITIVE_INFINITY, timeoutMs, headersOf: filter };
      const { taken, isAll } = await reach(() => readStream(js, stream, { afterSeq, lastSeq }, page));
      const erased = await eraseAll(
        context,
        stream,
        taken.filter((message) => isMeant(message, what)),
      );
      afterSeq = taken.at(-1)?.seq ?? lastSeq;
      return { erased, isDone: isAll };
    },
  };
}

async function infoOf(
  manager: JetStreamManager,
  stream: string,
  filter: SubjectFilter,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(stream, { subjects_filter: filter });
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw error;
  }
}

function isMeant(message: JsMsg, what: EraseFilter): boolean {
  const address = addressOf(message.subject);
  if (address === undefined) return false;
  return isErased({ address, user: authorOf(message), timestampMs: message.time.getTime() }, what);
}

async function eraseAll({ manager }: Context, stream: string, messages: readonly JsMsg[]): Promise<number> {
  const left = messages.map(({ seq }) => seq);
  let erased = 0;
  const work = async (): Promise<void> => {
    for (let seq = left.pop(); seq !== undefined; seq = left.pop()) {
      if (await eraseOne(manager, stream, seq)) erased += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, work));
  return erased;
}

/** False where it was gone already. Throws `UNAVAILABLE` where it is still there. */
async function eraseOne(manager: JetStreamManager, stream: string, seq: number): Promise<boolean> {
  try {
    return await reach(() => manager.streams.deleteMessage(stream, seq));
  } catch (error) {
    if ((await reach(() => manager.streams.getMessage(stream, { seq }))) === null) return false;
    throw error;
  }
}

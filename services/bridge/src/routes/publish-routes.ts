import { BusError, isJsonContentType } from '@arqonbus/protocol';
import type { Envelope, Limits } from '@arqonbus/protocol';
import { EDGE_TIMEOUT_MS, MAX_EDGE_MESSAGES, deadlineIn, publishAtEdge } from '@arqonbus/spine';
import type { EdgeOutcome, Spine } from '@arqonbus/spine';
import { splitList } from './json-text.ts';
import { describeOutcome, identified, onlyOutcome, parsePublication } from './publication.ts';
import {
  batchBody,
  batchResult,
  broadcastBody,
  privateBody,
  publicationBody,
  publicationResult,
} from './publish-schemas.ts';
import type { Route, RouteRequest } from './route.ts';

/** What publishing needs. */
export interface PublishOptions {
  readonly spine: Spine;
  readonly limits: Limits;
}

/** Routes that publish, all through the edge (SAF-3). */
export function createPublishRoutes(options: PublishOptions): readonly Route[] {
  const shared = { method: 'POST', takesIdempotencyKey: true } as const;
  const one = async (request: RouteRequest, envelope: Envelope): Promise<object> => {
    request.charge(1);
    return describeOutcome(onlyOutcome(await publish(request, [identified(envelope, request)], options)));
  };
  return [
    {
      ...shared,
      name: 'publish',
      path: '/v1/publish',
      summary: 'Publishes an event to a channel.',
      body: publicationBody,
      result: publicationResult,
      run: (request) => one(request, parsePublication(request.body, 'event', options.limits)),
    },
    {
      ...shared,
      name: 'publish_batch',
      path: '/v1/publish/batch',
      summary: `Publishes up to ${MAX_EDGE_MESSAGES} events in their order; each has a result of its own.`,
      body: batchBody,
      result: batchResult,
      run: (request) => publishBatch(request, options),
    },
    {
      ...shared,
      name: 'private',
      path: '/v1/private',
      summary: 'Sends a private message to clients or users.',
      body: privateBody,
      result: publicationResult,
      run: (request) => one(request, parsePublication(request.body, 'private', options.limits)),
    },
    {
      ...shared,
      name: 'broadcast',
      path: '/v1/broadcast',
      summary:
        'Publishes to every member of a room; without a room, tells every connection of the tenant (administrators).',
      body: broadcastBody,
      result: publicationResult,
      run: (request) => one(request, broadcastOf(request.body, options.limits)),
    },
  ];
}

/** One refusal does not keep the others from being published. */
async function publishBatch(request: RouteRequest, options: PublishOptions): Promise<object> {
  const texts = splitList(request.body);
  if (texts.length === 0 || texts.length > MAX_EDGE_MESSAGES) {
    throw new BusError('VALIDATION_ERROR', `A batch has 1 to ${MAX_EDGE_MESSAGES} messages.`);
  }
  request.charge(texts.length);
  const parsed = texts.map((text, index) => parseOne(text, index, request, options));
  const good = parsed.filter((one): one is Envelope => !(one instanceof BusError));
  const outcomes = good.length === 0 ? [] : await publish(request, good, options);
  let next = 0;
  const results = parsed.map((one) => {
    if (one instanceof BusError) return { error: one.message, error_code: one.code, details: one.details };
    const outcome = outcomes[next++];
    return outcome === undefined ? {} : describeOutcome(outcome);
  });
  return { results };
}

function parseOne(
  text: Uint8Array,
  index: number,
  request: RouteRequest,
  { limits }: PublishOptions,
): Envelope | BusError {
  try {
    return identified(parsePublication(text, 'event', limits), request, index);
  } catch (error) {
    if (error instanceof BusError) return error;
    throw error;
  }
}

const encoder = new TextEncoder();

/** To a room, as what it is; to the tenant, as a word of the server that cannot be taken for another (PRT-18). */
function broadcastOf(body: Uint8Array, limits: Limits): Envelope {
  const envelope = parsePublication(body, 'event', limits);
  if (envelope.room !== '') return { ...envelope, channel: '*' };
  if (!isJsonContentType(envelope.contentType) || envelope.payload.length === 0) {
    throw new BusError('VALIDATION_ERROR', 'What is told to a whole tenant is JSON.');
  }
  const payload = Buffer.concat([
    encoder.encode('{"event":"broadcast","payload":'),
    envelope.payload,
    encoder.encode('}'),
  ]);
  return { ...envelope, type: 'system', payload };
}

function publish(
  { caller }: RouteRequest,
  envelopes: readonly Envelope[],
  { spine }: PublishOptions,
): Promise<readonly EdgeOutcome[]> {
  const messages = envelopes.map((envelope) => ({ envelope }));
  return publishAtEdge(spine, { ...caller, messages }, deadlineIn(EDGE_TIMEOUT_MS));
}

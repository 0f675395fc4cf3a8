import type { Envelope, Limits } from '@arqonbus/protocol';
import { MAX_EDGE_MESSAGES } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import { splitList } from '../operations/json-text.ts';
import { broadcastOf, publishBatch, publishOne } from '../operations/publish-envelopes.ts';
import { describeOutcome, parsePublication } from './publication.ts';
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
export function createPublishRoutes({ spine, limits }: PublishOptions): readonly Route[] {
  const shared = { method: 'POST', takesIdempotencyKey: true } as const;
  const one = async (request: RouteRequest, envelope: Envelope): Promise<object> =>
    describeOutcome(await publishOne(request, envelope, spine));
  return [
    {
      ...shared,
      name: 'publish',
      path: '/v1/publish',
      summary: 'Publishes an event to a channel.',
      body: publicationBody,
      result: publicationResult,
      run: (request) => one(request, parsePublication(request.body, 'event', limits)),
    },
    {
      ...shared,
      name: 'publish_batch',
      path: '/v1/publish/batch',
      summary: `Publishes up to ${MAX_EDGE_MESSAGES} events in their order; each has a result of its own.`,
      body: batchBody,
      result: batchResult,
      run: async (request) => {
        const texts = splitList(request.body);
        const read = (index: number): Envelope => parsePublication(texts[index] ?? NOTHING, 'event', limits);
        return { results: (await publishBatch(request, texts.length, read, spine)).map(describeOutcome) };
      },
    },
    {
      ...shared,
      name: 'private',
      path: '/v1/private',
      summary: 'Sends a private message to clients or users.',
      body: privateBody,
      result: publicationResult,
      run: (request) => one(request, parsePublication(request.body, 'private', limits)),
    },
    {
      ...shared,
      name: 'broadcast',
      path: '/v1/broadcast',
      summary:
        'Publishes to every member of a room; without a room, tells every connection of the tenant (administrators).',
      body: broadcastBody,
      result: publicationResult,
      run: (request) => one(request, broadcastOf(parsePublication(request.body, 'event', limits))),
    },
  ];
}

const NOTHING = new Uint8Array(0);

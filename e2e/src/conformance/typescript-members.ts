import { BusError } from '@arqonbus/sdk';
import type { ArqonClient, Publication, Subscription } from '@arqonbus/sdk';
import type { Members } from './scenario.ts';

/** A client, and what its driver remembers of it. */
export interface DrivenClient {
  readonly client: ArqonClient;
  readonly channels: Map<string, Subscription>;
  tell(event: string, members: Members): void;
}

/** A refusal as drivers tell it. */
export function errorMembers(error: unknown): Members {
  if (error instanceof BusError) return { code: error.code, message: error.message, details: error.details };
  return { code: '', message: String(error) };
}

/** A publication as drivers tell it. */
export function publicationMembers(publication: Publication): Members {
  const { room, channel, sender, id, contentType, payload, epoch, seq } = publication;
  const body = payload instanceof Uint8Array ? { base64: Buffer.from(payload).toString('base64') } : { payload };
  const position = epoch === undefined ? {} : { epoch, seq };
  return { target: `${room}:${channel}`, sender, id, content_type: contentType, ...body, ...position };
}

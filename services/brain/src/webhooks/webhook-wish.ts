import { setTimeout as delay } from 'node:timers/promises';
import { BusError, isChannel, isName } from '@arqonbus/protocol';
import { WEBHOOK_EVENTS } from '@arqonbus/runtime';
import { BlockedAddressError, resolveChecked } from './egress/checked-lookup.ts';
import { hostOf, parseTarget } from './egress/parse-target.ts';
import type { WebhookParts } from './webhook-parts.ts';

const MAX_HEADERS = 20;
const MAX_HEADER_LENGTH = 1_024;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]*$/;
/** What says what the request is and who signed it is ours to say. */
const OWN_HEADERS =
  /^(webhook-.*|host|content-.*|connection|transfer-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*|user-agent)$/i;
const SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const LOOK_UP_MS = 1_000;

function refuse(text: string): never {
  throw new BusError('VALIDATION_ERROR', text);
}

/**
 * The address of a webhook, in the form in which it is kept. One that leads where nothing may be sent is refused at once, as
 * it would be later; a name that cannot be looked up now may be another time (WHK-4).
 */
export async function parseUrl(text: string, { targets, resolve }: WebhookParts): Promise<string> {
  const parsed = parseTarget(text, targets);
  if (!parsed.ok) return refuse(`The url ${parsed.problem}.`);
  const looking = resolveChecked(resolve, targets.addresses, hostOf(parsed.url));
  const error = await Promise.race([
    looking.then(noError, (cause: unknown) => cause),
    delay(LOOK_UP_MS, undefined, { ref: false }),
  ]);
  if (error instanceof BlockedAddressError) refuse(`The url is refused: ${error.message}.`);
  return parsed.url.href;
}

/** Headers that every delivery carries. */
export function parseHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) refuse(`There are more than ${MAX_HEADERS} headers.`);
  for (const [name, value] of entries) {
    if (!HEADER_NAME.test(name) || OWN_HEADERS.test(name)) refuse('A header has a name that is not allowed.');
    if (value.length > MAX_HEADER_LENGTH || !HEADER_VALUE.test(value))
      refuse('A header has a value that is not allowed.');
  }
  return headers;
}

/** What a webhook waits for; each once. */
export function parseEvents(events: readonly string[]): string[] {
  if (events.length === 0) return ['message'];
  const known: readonly string[] = WEBHOOK_EVENTS;
  return events.every((event) => known.includes(event)) ? [...new Set(events)] : refuse('An event is none.');
}

/** Where it waits: a room, or one of its channels; '' = everywhere. */
export function parsePlace(room: string, channel: string): { readonly room: string; readonly channel: string } {
  if (room !== '' && !isName(room)) refuse('The room is malformed.');
  if (channel !== '' && (room === '' || !isChannel(channel))) refuse('The channel is malformed.');
  return { room, channel };
}

/** A secret in the form of Standard Webhooks. */
export function parseSecret(secret: string): string {
  const bytes = Buffer.from(secret.slice('whsec_'.length), 'base64').length;
  if (!SECRET.test(secret) || bytes < MIN_SECRET_BYTES || bytes > MAX_SECRET_BYTES) {
    refuse('The secret must be whsec_ and 24 to 64 bytes in base64.');
  }
  return secret;
}

function noError(): undefined {
  return undefined;
}

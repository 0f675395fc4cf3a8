import { isJsonContentType } from '@arqonbus/protocol';

/** A copy of a message, as `examples/mirror-consumer` prints it. */
export interface Copy {
  readonly id: string;
  /** `room:channel`. */
  readonly target: string;
  readonly payload: unknown;
}

/** Reads one line of the consumer of the mirror; undefined for what is no copy of an event in a channel, or not in JSON. */
export function parseCopy(line: string): Copy | undefined {
  const value = parse(line);
  if (!isObject(value)) return undefined;
  const { id, room, channel, content_type: contentType, payload: text } = value;
  const texts = [id, room, channel, contentType, text];
  if (!texts.every((one) => typeof one === 'string') || room === '' || channel === '*') return undefined;
  if (!isJsonContentType(String(contentType))) return undefined;
  const payload = parse(String(text));
  return payload === undefined ? undefined : { id: String(id), target: `${String(room)}:${String(channel)}`, payload };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

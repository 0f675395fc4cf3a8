import { isJsonContentType } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { allowAll, decide, outOfScope } from './decide.ts';
import type { Content } from './decide.ts';
import type { ContentKind, Decision, PartName } from './decision.ts';
import { inspectJsonPart, inspectTextPart } from './inspect/inspect-part.ts';
import { CLEAN_PART } from './inspect/part.ts';
import type { Finding, PartFindings } from './inspect/part.ts';
import { inspectName } from './inspect/redact-text.ts';
import type { CasilPolicy } from './policy/casil-policy.ts';

/** What of an envelope is inspected. */
export type InspectedEnvelope = Pick<
  Envelope,
  | 'type'
  | 'room'
  | 'channel'
  | 'payload'
  | 'contentType'
  | 'args'
  | 'metadata'
  | 'spectral'
  | 'headers'
  | 'intent'
  | 'capabilities'
>;

/** What is known of a message beside its envelope. */
export interface InspectOptions {
  /** The arguments are credentials by their nature, such as the token of `refresh`: they are not looked at. */
  readonly hasSecretArgs?: boolean;
}

const KINDS: { readonly [Type in Envelope['type']]: ContentKind } = {
  event: 'data',
  private: 'data',
  task: 'data',
  command: 'control',
  response: 'control',
  telemetry: 'telemetry',
  system: 'system',
  error: 'system',
};

/** Inspects everything in an envelope that its sender wrote, by a policy that is on. */
export function inspectEnvelope(
  envelope: InspectedEnvelope,
  policy: CasilPolicy,
  { hasSecretArgs = false }: InspectOptions = {},
): Decision {
  const { room, channel, payload, args, metadata, spectral } = envelope;
  const kind = KINDS[envelope.type];
  if (!policy.isInScope(room, channel)) return outOfScope(kind);
  const isOversize = payload.length > policy.settings.maxPayloadBytes;
  const format = formatOf(envelope);
  const parts: Content['parts'] = {
    payload: hasSecretArgs || payload.length === 0 ? CLEAN_PART : inspectPayload(payload, format, policy),
    args: hasSecretArgs ? CLEAN_PART : inspectOwnJson(args, policy),
    metadata: inspectOwnJson(metadata, policy),
    spectral: inspectOwnJson(spectral, policy),
  };
  const names = inspectNames(envelope, policy);
  const isOpaque = format === 'opaque' && payload.length > 0;
  if (names.length === 0 && !isOversize && !isOpaque && isClean(parts)) return allowAll(kind);
  return decide({ kind, envelope, parts, names, isOversize, isOpaque }, policy);
}

type Format = 'json' | 'text' | 'opaque';

const TEXT_TYPE =
  /^(?:text\/|application\/(?:xml|yaml|x-yaml|javascript|x-www-form-urlencoded|x-ndjson)(?:;|$)|[\w.+-]+\/[\w.+-]+\+xml(?:;|$))/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

function formatOf({ contentType, payload }: InspectedEnvelope): Format {
  if (isJsonContentType(contentType)) return 'json';
  return TEXT_TYPE.test(contentType) && isUtf8(payload) ? 'text' : 'opaque';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function inspectPayload(payload: Uint8Array, format: Format, policy: CasilPolicy): PartFindings {
  if (format === 'opaque') return CLEAN_PART;
  return format === 'json' ? inspectJsonPart(payload, policy) : inspectTextPart(payload, policy);
}

function inspectOwnJson(bytes: Uint8Array, policy: CasilPolicy): PartFindings {
  return bytes.length === 0 ? CLEAN_PART : inspectJsonPart(bytes, policy);
}

function isClean(parts: Content['parts']): boolean {
  return (
    parts.payload === CLEAN_PART &&
    parts.args === CLEAN_PART &&
    parts.metadata === CLEAN_PART &&
    parts.spectral === CLEAN_PART
  );
}

const NO_FINDINGS: readonly Finding[] = Object.freeze([]);

/** Names and headers are never rewritten: what is to be redacted in one blocks the message. */
function inspectNames(envelope: InspectedEnvelope, policy: CasilPolicy): readonly Finding[] {
  const { room, channel, headers, intent, capabilities } = envelope;
  let findings = addName('room', room, policy, NO_FINDINGS);
  findings = addName('channel', channel, policy, findings);
  if (intent !== '') findings = addName('intent', intent, policy, findings);
  for (const capability of capabilities) findings = addName('capabilities', capability, policy, findings);
  for (const name in headers) {
    findings = addName('headers', name, policy, findings);
    findings = addName('headers', headers[name] ?? '', policy, findings);
  }
  return findings;
}

const scratch = new Uint8Array(8_192);
const encoder = new TextEncoder();

function addName(field: string, text: string, policy: CasilPolicy, findings: readonly Finding[]): readonly Finding[] {
  if (text.length < MIN_NAME) return findings;
  const { read, written } = encoder.encodeInto(text, scratch);
  const isWhole = read === text.length;
  if (isWhole && !policy.inspector.mayHold(scratch, 0, written)) return findings;
  const bytes = isWhole ? scratch.slice(0, written) : encoder.encode(text);
  const found = inspectName(bytes, policy);
  return found.length === 0 ? findings : [...findings, ...found.map((hit) => ({ ...hit, path: field }))];
}

/** No secret that is told by its shape is shorter. */
const MIN_NAME = 10;

/** The parts of a message, in the order in which they are told. */
export const partNames: readonly PartName[] = ['payload', 'args', 'metadata', 'spectral'];

import type { Action } from '../detectors/detector.ts';
import { detectorTable } from '../detectors/index.ts';
import type { CasilPolicy } from '../policy/casil-policy.ts';
import { REDACTED } from './redacted.ts';
import type { Found } from './text-inspector.ts';

/** What came of a text. */
export interface TextVerdict {
  /** Detectors that found something, each with what is done about it. */
  readonly hits: readonly TextHit[];
  /** What stands in its place; undefined = it stays as it is. */
  readonly replacement: string | undefined;
}

/** A detector that found something in a text. */
export interface TextHit {
  readonly detector: string;
  readonly action: Action;
}

/** The detector that patterns of an operator are told as. */
export const PATTERN_DETECTOR = 'redaction_pattern';

const NO_HITS: TextVerdict = Object.freeze({ hits: [], replacement: undefined });

/** So often a text is redacted again, should what is left over look like something anew; then it goes as a whole. */
const MAX_ROUNDS = 3;

/**
 * Inspects one text and redacts in it what its policy redacts. To redact what has been redacted changes nothing (C-13).
 *
 * @param bytes the text in UTF-8.
 */
export function redactText(bytes: Uint8Array, policy: CasilPolicy): TextVerdict {
  const first = inspectOnce(bytes, policy);
  if (first.replacement === undefined) return first;
  let text = first.replacement;
  for (let round = 1; round < MAX_ROUNDS; round++) {
    const { replacement } = inspectOnce(Buffer.from(text, 'utf8'), policy);
    if (replacement === undefined) return { hits: first.hits, replacement: text };
    text = replacement;
  }
  const isCalm = inspectOnce(Buffer.from(text, 'utf8'), policy).replacement === undefined;
  return { hits: first.hits, replacement: isCalm ? text : REDACTED };
}

/** What detectors find in a name, which is never rewritten and to which patterns do not apply (CAS-6). */
export function inspectName(bytes: Uint8Array, policy: CasilPolicy): readonly TextHit[] {
  return inspectOnce(bytes, policy, false).hits.map(({ detector, action }) => ({
    detector,
    // Two names might become one: what would be redacted blocks.
    action: action === 'redact' ? 'block' : action,
  }));
}

function inspectOnce(bytes: Uint8Array, policy: CasilPolicy, usesPatterns = true): TextVerdict {
  const { actions, inspector } = policy;
  const patterns = usesPatterns ? policy.patterns : undefined;
  if (patterns === undefined && !inspector.mayHold(bytes, 0, bytes.length)) return NO_HITS;
  const { found, disguised } = inspector.inspect(bytes);
  if (found.length === 0 && disguised.length === 0 && patterns === undefined) return NO_HITS;
  const hits: TextHit[] = [...found, ...disguised].map(({ detector }) => ({
    detector,
    action: actions.get(detector) ?? 'allow',
  }));
  const spans = found.filter(({ detector }) => actions.get(detector) === 'redact');
  // Where a disguised thing stands is not known: the whole text goes.
  if (disguised.some(({ detector }) => actions.get(detector) === 'redact')) return { hits, replacement: REDACTED };
  const cut = spans.length === 0 ? undefined : cutOut(bytes, spans);
  if (patterns === undefined) return { hits, replacement: cut };
  const text = cut ?? textOf(bytes);
  const redacted = patterns.redact(text);
  if (redacted === text) return { hits, replacement: cut };
  return { hits: [...hits, { detector: PATTERN_DETECTOR, action: 'redact' }], replacement: redacted };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Spans begin and end at ASCII, so what is left is whole UTF-8. */
function cutOut(bytes: Uint8Array, spans: readonly Found[]): string {
  let text = '';
  let at = 0;
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    if (to <= at) continue;
    if (from > at || at === 0) text += textOf(bytes.subarray(at, Math.max(at, from))) + REDACTED;
    at = to;
  }
  return text + textOf(bytes.subarray(at));
}

/** The group of what was found; patterns and paths of an operator belong to none. */
export function groupOf(detector: string): 'secret' | 'pii' | undefined {
  return detectorTable.get(detector)?.group;
}

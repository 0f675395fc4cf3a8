import { HIGH_ENTROPY } from '../detectors/index.ts';
import { isRandomLooking } from '../detectors/entropy.ts';
import { isSuspiciousName } from '../detectors/suspicious-names.ts';
import type { CasilPolicy } from '../policy/casil-policy.ts';
import { matchesPointer } from '../policy/redaction-paths.ts';
import { JsonSteps } from './json-steps.ts';
import { readNumberEnd, readString } from './json-tokens.ts';
import type { JsonString } from './json-tokens.ts';
import { MAX_FINDINGS } from './part.ts';
import type { Edit, Finding, PartFindings } from './part.ts';
import { groupOf, inspectName, redactText } from './redact-text.ts';
import type { TextHit } from './redact-text.ts';
import { REDACTED } from './redacted.ts';

/** The detector that names and pointers of an operator are told as. */
export const PATH_DETECTOR = 'redaction_path';

const REDACTED_JSON: Uint8Array = Buffer.from(JSON.stringify(REDACTED));

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Looks closely at JSON that has been scanned before: at every name, text and number in it, each written plainly. Only
 * the first `end` bytes are looked at. Throws for what is no JSON, which is a bug of whoever calls.
 */
export function inspectJson(bytes: Uint8Array, end: number, policy: CasilPolicy): PartFindings {
  return new JsonInspection(bytes, end, policy).run();
}

class JsonInspection {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #policy: CasilPolicy;
  readonly #steps = new JsonSteps();
  readonly #findings: Finding[] = [];
  readonly #edits: Edit[] = [];
  /** The depth from which on everything is redacted; 0 = nothing is. */
  #redactedFrom = 0;

  constructor(bytes: Uint8Array, end: number, policy: CasilPolicy) {
    this.#bytes = bytes;
    this.#end = end;
    this.#policy = policy;
  }

  run(): PartFindings {
    let i = 0;
    while (i < this.#end) i = this.#next(i, this.#bytes[i] as number);
    return { findings: this.#findings, edits: this.#edits, isPartial: this.#end < this.#bytes.length };
  }

  #next(at: number, code: number): number {
    switch (code) {
      case QUOTE:
        return this.#string(readString(this.#bytes, at, this.#end));
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (this.#redactedFrom === 0 && this.#isMarked()) this.#redactedFrom = this.#steps.depth + 1;
        this.#steps.open(code === OPEN_OBJECT);
        return at + 1;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        this.#steps.close();
        if (this.#steps.depth < this.#redactedFrom) this.#redactedFrom = 0;
        return at + 1;
      case COMMA:
        this.#steps.next();
        return at + 1;
      default:
        if (code === MINUS || (code >= 0x30 && code <= 0x39)) return this.#number(at);
        return at + 1;
    }
  }

  #string(token: JsonString): number {
    if (this.#steps.expectsName) this.#name(token);
    else if (!token.isWhole) this.#cutOff(token);
    else this.#text(token);
    return token.to;
  }

  #name({ text }: JsonString): void {
    const hits = inspectName(text, this.#policy);
    this.#steps.name(Buffer.from(text).toString('utf8'), hits.length === 0);
    for (const hit of hits) this.#find(hit);
  }

  #text({ from, to, text }: JsonString): void {
    const { hits, replacement } = redactText(text, this.#policy);
    for (const hit of hits) this.#find(hit);
    if (this.#redactedFrom > 0 || this.#isMarked()) {
      if (text.length === 0 || isRedacted(text)) return;
      this.#edits.push({ from, to, by: REDACTED_JSON });
      this.#find({ detector: PATH_DETECTOR, action: 'redact' });
      return;
    }
    if (!hits.some(({ detector }) => groupOf(detector) === 'secret') && this.#isSecretValue(text)) {
      const action = this.#policy.actions.get(HIGH_ENTROPY.id) ?? 'allow';
      this.#find({ detector: HIGH_ENTROPY.id, action });
      if (action === 'redact') {
        this.#edits.push({ from, to, by: REDACTED_JSON });
        return;
      }
    }
    if (replacement !== undefined) this.#edits.push({ from, to, by: Buffer.from(JSON.stringify(replacement)) });
  }

  /** A text that runs over the end of what is looked at: what its beginning says counts, and as it cannot be rewritten, it blocks. */
  #cutOff({ text }: JsonString): void {
    for (const { detector, action } of redactText(text, this.#policy).hits) {
      this.#find({ detector, action: action === 'redact' ? 'block' : action });
    }
  }

  #number(at: number): number {
    const to = readNumberEnd(this.#bytes, at, this.#end);
    const isMarked = this.#redactedFrom > 0 || this.#isMarked();
    const text = this.#bytes.subarray(at, to);
    const hits = to - at < 14 ? [] : redactText(text, this.#policy).hits;
    for (const hit of hits) this.#find(hit);
    if (isMarked) this.#find({ detector: PATH_DETECTOR, action: 'redact' });
    if (isMarked || hits.some(({ action }) => action === 'redact')) {
      this.#edits.push({ from: at, to, by: REDACTED_JSON });
    }
    return to;
  }

  /** Whether the value that begins here is one that is redacted for its place. */
  #isMarked(): boolean {
    const { names, pointers } = this.#policy.paths;
    const name = this.#steps.lastName();
    if (name !== undefined && names.has(name.toLowerCase())) return true;
    if (pointers.length === 0) return false;
    const steps = this.#steps.toArray();
    return pointers.some((pointer) => matchesPointer(pointer, steps));
  }

  #isSecretValue(text: Uint8Array): boolean {
    if (text.length < 16 || text.length > 256) return false;
    const name = this.#steps.nearestName();
    return (
      name !== undefined &&
      isSuspiciousName(name.toLowerCase()) &&
      isRandomLooking(Buffer.from(text).toString('latin1'))
    );
  }

  #find({ detector, action }: TextHit): void {
    // What blocks is told whatever came before it.
    if (this.#findings.length < MAX_FINDINGS || action === 'block') {
      this.#findings.push({ detector, action, path: this.#steps.pointer() });
    }
  }
}

function isRedacted(text: Uint8Array): boolean {
  return text.length === REDACTED.length && Buffer.from(text).toString('latin1') === REDACTED;
}

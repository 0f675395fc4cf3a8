import type { DecodeResult, FieldProblem } from './decode-result.ts';
import type { Envelope } from './envelope.ts';
import type { ErrorCode } from './errors/error-table.ts';
import { isMessageId } from './names.ts';

const MAX_PROBLEMS = 16;

/** Collects what is wrong with one frame; the first 16 problems are told. */
export class Problems {
  private errors: FieldProblem[] | undefined;
  private code: ErrorCode = 'VALIDATION_ERROR';

  /** A field breaks its rule. */
  add(field: string, problem: string): void {
    this.errors ??= [];
    if (this.errors.length < MAX_PROBLEMS) this.errors.push({ field, problem });
  }

  /** The version is not ours; outweighs every other problem, since another version may have other rules. */
  addVersion(): void {
    this.add('version', 'must be 1.x');
    this.code = 'UNSUPPORTED_VERSION';
  }

  /** There is no such type. */
  addType(): void {
    this.add('type', 'is unknown');
    if (this.code === 'VALIDATION_ERROR') this.code = 'UNKNOWN_TYPE';
  }

  isEmpty(): boolean {
    return this.errors === undefined;
  }

  /** The envelope, or the refusal when anything is wrong with it. */
  result(envelope: Envelope): DecodeResult {
    if (this.errors === undefined) return { ok: true, envelope };
    return this.refusal(envelope.id);
  }

  /** The refusal; `id` is told when it is a valid one. */
  refusal(id: string): DecodeResult {
    return { ok: false, code: this.code, errors: this.errors ?? [], id: isMessageId(id) ? id : '' };
  }
}

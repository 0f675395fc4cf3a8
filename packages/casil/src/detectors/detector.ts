import type { Literal, Placement } from '../literals/literal-set.ts';

/** What is done about a finding (CAS-5). */
export type Action = 'allow' | 'redact' | 'block';

/** How bad it is that it stands there. */
export type Severity = 'low' | 'medium' | 'high';

/** Where something was found in a text: `from` to `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Something that is looked for (CAS-4). */
export interface Detector {
  readonly id: string;
  readonly group: 'secret' | 'pii';
  readonly severity: Severity;
  /** What it finds, for people. */
  readonly title: string;
  /** What is done unless a policy says otherwise (CAS-13). */
  readonly action: Action;
  /** What must stand there before anybody looks closer. */
  readonly literals: readonly Literal[];
  /**
   * Looks closer at `text`, one character per byte, where a literal stands from `from` to `to`. Takes time bounded by the
   * length of what it looks for, and gives what a redaction takes away.
   */
  find(text: string, from: number, to: number): Span | undefined;
}

/** The words of a {@link Detector} in a table. */
export interface Shape {
  readonly id: string;
  readonly title: string;
  /** Texts of which one must stand there; a shape begins with it. */
  readonly literals: readonly string[];
  /** Default: `word_start`. */
  readonly placement?: Placement;
  /** A cheap look at the bytes around a literal. */
  readonly confirm?: Literal['confirm'];
  /** Sticky (`y`), anchored at the literal; every repetition in it is bounded. A group `value` is what a redaction takes. */
  readonly shape: RegExp;
  /** A last look at what was matched; default: none. */
  readonly check?: (match: RegExpExecArray) => boolean;
}

/** A detector of secrets with a known shape. */
export function secretShape(entry: Shape): Detector {
  return shapeDetector(entry, 'secret', 'high', 'block');
}

/** A detector whose expression is matched where one of its literals begins. */
export function shapeDetector(
  { id, title, literals, placement = 'word_start', confirm, shape, check }: Shape,
  group: Detector['group'],
  severity: Severity,
  action: Action,
): Detector {
  return {
    id,
    group,
    severity,
    title,
    action,
    literals: literals.map((text) => (confirm === undefined ? { text, placement } : { text, placement, confirm })),
    find: (text, from) => {
      shape.lastIndex = from;
      const match = shape.exec(text);
      if (match === null || (check !== undefined && !check(match))) return undefined;
      const value = match.groups?.['value'];
      const to = from + match[0].length;
      return value === undefined ? { from, to } : spanOf(value, match[0], from);
    },
  };
}

/** Where a group stands: the last place in the match, as values come after their names. */
function spanOf(value: string, whole: string, from: number): Span {
  const start = from + whole.lastIndexOf(value);
  return { from: start, to: start + value.length };
}

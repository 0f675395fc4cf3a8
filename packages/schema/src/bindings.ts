import { compilePattern } from '@arqonbus/protocol';
import type { TargetPredicate } from '@arqonbus/protocol';

/** What a binding does: refuse what does not fit, let it through and tell, or nothing (SCH-2). */
export type BindingMode = 'enforce' | 'warn' | 'off';

/** A schema that holds for channels. */
export interface Binding {
  /** Glob on `room:channel`. */
  readonly pattern: string;
  readonly schemaId: string;
  readonly mode: BindingMode;
}

/** Finds the binding of a channel: of those that fit, the one whose pattern says most. */
export type FindBinding = (room: string, channel: string) => Binding | undefined;

/** Channels whose binding is remembered. */
const MAX_REMEMBERED = 4_096;

/** True for a pattern that can be bound. */
export function isBindingPattern(pattern: string): boolean {
  return pattern.length <= MAX_PATTERN_LENGTH && compilePattern(pattern) !== undefined;
}

const MAX_PATTERN_LENGTH = 257;

/**
 * Makes bindings ready. The pattern with the most characters that are no `*` wins, whatever its mode: `lab:scratch` with
 * `off` is an exception to `lab:*`. Throws for a pattern that is none: the border has checked them.
 */
export function createFindBinding(bindings: readonly Binding[]): FindBinding {
  const sorted = bindings
    .map((binding) => ({ binding, fits: compile(binding.pattern) }))
    .toSorted((a, b) => weightOf(b.binding) - weightOf(a.binding) || (a.binding.pattern < b.binding.pattern ? -1 : 1));
  const known = new Map<string, Binding | undefined>();
  return (room, channel) => {
    const key = `${room}:${channel}`;
    const remembered = known.get(key);
    if (remembered !== undefined || known.has(key)) return remembered;
    const found = sorted.find(({ fits }) => fits(room, channel))?.binding;
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(key, found);
    return found;
  };
}

function compile(pattern: string): TargetPredicate {
  const fits = compilePattern(pattern);
  if (fits === undefined) throw new Error('a binding has a malformed pattern');
  return fits;
}

function weightOf({ pattern }: Binding): number {
  return pattern.replaceAll('*', '').length;
}

/** A JSON pointer by its steps; `*` stands for any step. */
export type Pointer = readonly string[];

/** What is redacted by where it stands (CAS-6). */
export interface RedactionPaths {
  /** Names in small letters; every way of writing one that is told apart is in it. */
  readonly names: ReadonlySet<string>;
  readonly pointers: readonly Pointer[];
}

const MAX_PATHS = 256;
const MAX_LENGTH = 256;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_. -]{0,127}$/;

/** Reads names and pointers, or says which of them is none. */
export function parseRedactionPaths(paths: readonly string[]): RedactionPaths | string {
  if (paths.length > MAX_PATHS) return `may hold ${MAX_PATHS} entries at most`;
  const names = new Set<string>();
  const pointers: Pointer[] = [];
  for (const [index, path] of paths.entries()) {
    if (path.length > MAX_LENGTH) return `has an entry of over ${MAX_LENGTH} characters as item ${index + 1}`;
    if (path.startsWith('/')) {
      if (/~(?![01])/.test(path)) return `has a malformed pointer as item ${index + 1}`;
      pointers.push(path.slice(1).split('/').map(unescapeStep));
    } else if (NAME.test(path)) for (const name of spellingsOf(path)) names.add(name);
    else return `needs a name or a JSON pointer as item ${index + 1}`;
  }
  return { names, pointers };
}

/** `api_key` is also written `apikey`, `api-key`, `api key` and `apiKey`. */
export function spellingsOf(name: string): readonly string[] {
  const parts = name.toLowerCase().split(/[_\- ]/);
  return [...new Set([name.toLowerCase(), ...['_', '', '-', ' '].map((joint) => parts.join(joint))])];
}

function unescapeStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** True when `steps` lead where the pointer points. */
export function matchesPointer(pointer: Pointer, steps: readonly string[]): boolean {
  return pointer.length === steps.length && pointer.every((step, i) => step === '*' || step === steps[i]);
}

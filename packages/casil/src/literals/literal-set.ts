/** Where a literal must stand to count. */
export type Placement =
  /** Anywhere. */
  | 'anywhere'
  /** Not right after a letter, digit, `_` or `-`: at the start of a word. */
  | 'word_start'
  /** Between two letters or digits, as the sign of an address. */
  | 'inside';

/** A text that a scan looks for, whatever its case. */
export interface Literal {
  /** Its bytes, one character each. */
  readonly text: string;
  readonly placement: Placement;
  /** A cheap look at the bytes around, before anybody believes in it. */
  readonly confirm?: (bytes: Uint8Array, from: number, to: number, end: number) => boolean;
}

/** Hears of a literal found at `from`; true = the scan may end. */
export type OnLiteral = (literal: number, from: number) => boolean;

/** Finds any number of literals in one pass (CAS-11). */
export interface LiteralSet {
  /** Scans from `start` to `end`; true = somebody has ended the scan. Literals are told by their place in the list. */
  scan(bytes: Uint8Array, start: number, end: number, onLiteral: OnLiteral): boolean;
}

/** 1 for letters, digits, `_` and `-`. */
const isWord: Uint8Array = new Uint8Array(256);
/** 1 for letters and digits. */
const isAlphanumeric: Uint8Array = new Uint8Array(256);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9]/.test(character)) isAlphanumeric[code] = 1;
  if (/[A-Za-z0-9_-]/.test(character)) isWord[code] = 1;
}

/**
 * Compiles literals into one automaton (Aho and Corasick), whose work per byte is two table reads however many literals
 * there are. The table is made of classes of bytes, so that it stays in the caches of the processor.
 */
export function createLiteralSet(literals: readonly Literal[]): LiteralSet {
  const { classOf, classCount } = createClasses(literals);
  const trie = createTrie(literals, classOf, classCount);
  const { next, outputs, firstOutput } = createTable(trie, classCount);
  return {
    scan: (bytes, start, end, onLiteral) => {
      let state = 0;
      for (let i = start; i < end; i++) {
        state = next[state + (classOf[bytes[i] as number] as number)] as number;
        if (state < firstOutput) continue;
        for (const literal of outputs[state / classCount] as readonly number[]) {
          const { text, placement, confirm } = literals[literal] as Literal;
          const from = i + 1 - text.length;
          if (!isPlaced(placement, bytes, from, i + 1, start, end)) continue;
          if (confirm !== undefined && !confirm(bytes, from, i + 1, end)) continue;
          if (onLiteral(literal, from)) return true;
        }
      }
      return false;
    },
  };
}

function isPlaced(
  placement: Placement,
  bytes: Uint8Array,
  from: number,
  to: number,
  start: number,
  end: number,
): boolean {
  if (placement === 'anywhere') return true;
  if (placement === 'word_start')
    return from === start || isWord[bytes[from - 1] as number] === 0 || isAfterEscape(bytes, from, start);
  return (
    from > start && to < end && isWord[bytes[from - 1] as number] === 1 && isAlphanumeric[bytes[to] as number] === 1
  );
}

const BACKSLASH = 0x5c;

/** The letter before is that of an escape, such as of a new line: in JSON that has not been read yet. */
function isAfterEscape(bytes: Uint8Array, from: number, start: number): boolean {
  return from - 2 >= start && bytes[from - 2] === BACKSLASH;
}

interface Classes {
  readonly classOf: Uint8Array;
  readonly classCount: number;
}

/** Bytes that no literal holds share class 0; capitals share the class of their small letter. */
function createClasses(literals: readonly Literal[]): Classes {
  const classOf = new Uint8Array(256);
  let classCount = 1;
  for (const { text } of literals) {
    for (const character of asciiLower(text)) {
      const code = character.charCodeAt(0);
      if (classOf[code] === 0) classOf[code] = classCount++;
    }
  }
  for (let code = 0x41; code <= 0x5a; code++) classOf[code] = classOf[code + 0x20] as number;
  return { classOf, classCount };
}

/** Bytes beyond ASCII are no letters here. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

interface Node {
  readonly children: (Node | undefined)[];
  readonly own: number[];
  fail: Node | undefined;
  all: readonly number[];
  id: number;
}

function createNode(classCount: number): Node {
  return { children: Array.from<Node | undefined>({ length: classCount }), own: [], fail: undefined, all: [], id: 0 };
}

/** Gives every node of the trie with its failure link, breadth first. */
function createTrie(literals: readonly Literal[], classOf: Uint8Array, classCount: number): readonly Node[] {
  const root = createNode(classCount);
  for (const [index, { text }] of literals.entries()) {
    let node = root;
    for (const character of asciiLower(text)) {
      const kind = classOf[character.charCodeAt(0)] as number;
      node = node.children[kind] ??= createNode(classCount);
    }
    node.own.push(index);
  }
  const nodes = [root];
  for (const node of nodes) {
    node.all = [...node.own, ...(node.fail?.all ?? [])];
    for (const [kind, child] of node.children.entries()) {
      if (child === undefined) continue;
      child.fail = node === root ? root : stepFrom(node.fail ?? root, kind, root);
      nodes.push(child);
    }
  }
  return nodes;
}

function stepFrom(from: Node, kind: number, root: Node): Node {
  let node: Node | undefined = from;
  while (node !== undefined) {
    const child = node.children[kind];
    if (child !== undefined) return child;
    node = node.fail;
  }
  return root;
}

interface Table {
  /** The next state, multiplied by the number of classes already. */
  readonly next: Int32Array;
  readonly outputs: readonly (readonly number[])[];
  readonly firstOutput: number;
}

/** States that tell of a literal get the highest numbers, so that one comparison is enough to pass over all others. */
function createTable(nodes: readonly Node[], classCount: number): Table {
  const quiet = nodes.filter(({ all }) => all.length === 0);
  const ordered = [...quiet, ...nodes.filter(({ all }) => all.length > 0)];
  for (const [id, node] of ordered.entries()) node.id = id;
  const root = nodes[0] as Node;
  const next = new Int32Array(ordered.length * classCount);
  for (const node of ordered) {
    for (let kind = 0; kind < classCount; kind++) {
      next[node.id * classCount + kind] = stepFrom(node, kind, root).id * classCount;
    }
  }
  return { next, outputs: ordered.map(({ all }) => all), firstOutput: quiet.length * classCount };
}

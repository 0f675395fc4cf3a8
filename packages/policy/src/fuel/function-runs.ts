/** Instructions that are always executed one after the other, or cut short by leaving. Paid for at their start. */
export interface Run {
  /** Where it begins in the binary. */
  readonly position: number;
  cost: number;
}

type BlockKind = 'function' | 'block' | 'loop' | 'if';

interface Block {
  readonly kind: BlockKind;
  /** The run that goes on behind it, where nothing jumps there. */
  readonly outer: Run | undefined;
  isTarget: boolean;
}

/**
 * Cuts a function into runs while it is read. A run ends where others may jump to: at the start of a loop and behind a
 * block that is jumped out of. So whatever comes round again passes the start of a run, and is paid for again (WSM-2).
 * Who leaves a run early has paid for the rest of it: what a call costs depends on nothing but where it went.
 */
export class FunctionRuns {
  readonly runs: Run[] = [];
  readonly #blocks: Block[] = [];
  /** Undefined where nobody comes by. */
  #current: Run | undefined;

  constructor(position: number, cost: number) {
    this.#open(position, cost);
    this.#blocks.push({ kind: 'function', outer: undefined, isTarget: false });
  }

  /** How many blocks are open, the function's own included. */
  get depth(): number {
    return this.#blocks.length;
  }

  /** Adds to the run that goes on. */
  add(cost: number): void {
    if (this.#current !== undefined) this.#current.cost += cost;
  }

  /** A block begins; its first instruction is at `position`. */
  enter(kind: Exclude<BlockKind, 'function'>, position: number): void {
    this.#blocks.push({ kind, outer: this.#current, isTarget: false });
    if (kind !== 'block') this.#open(position, 0);
  }

  /** The other branch of an `if` begins. False where there is none open. */
  otherwise(position: number): boolean {
    if (this.#blocks.at(-1)?.kind !== 'if') return false;
    this.#open(position, 1);
    return true;
  }

  /** The innermost block has ended; what follows is at `position`. */
  leave(position: number): void {
    const block = this.#blocks.pop();
    if (block === undefined || block.kind === 'function') return;
    if (block.isTarget && block.kind !== 'loop') this.#open(position, 0);
    else this.#current = block.outer;
  }

  /** Something jumps so many blocks outwards. False where there are not so many. */
  jump(depth: number): boolean {
    const block = this.#blocks.at(-1 - depth);
    if (block === undefined) return false;
    block.isTarget = true;
    return true;
  }

  /** Nothing comes by here any more, up to the end of the block. */
  end(): void {
    this.#current = undefined;
  }

  #open(position: number, cost: number): void {
    this.#current = { position, cost };
    this.runs.push(this.#current);
  }
}

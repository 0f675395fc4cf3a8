import { NO_BYTES } from '../envelope.ts';
import { unescapeJson } from './json-string.ts';

/** Objects of up to this many keys are searched one by one; larger ones go to the hash table. */
const MAX_LISTED = 16;
const FIRST_SLOTS = 1_024;
const MAX_OWNER = 0xf000_0000;

/** Random for each process, so that nobody can prepare keys that fall on one slot. */
const seed: Uint32Array = globalThis.crypto.getRandomValues(new Uint32Array(2));

/**
 * The keys of the objects that are open during a scan, to find duplicates. Keys are spans of the scanned bytes; those
 * with escapes are unescaped into a side buffer first, so `a` and `\u0061` are the same key.
 *
 * Keys lie on one stack, since an inner object is closed before its outer one goes on. Slots of the hash table carry
 * the number of the object they belong to, so nothing needs to be wiped between objects or scans. Memory follows the
 * largest frame ever scanned: at most about five times its size.
 */
export class OpenKeys {
  /** Number of objects that are open. */
  depth = 0;
  private top = 0;
  /** Place of the first key of the innermost object. */
  private base = 0;
  private bytes: Uint8Array = NO_BYTES;
  // Spans in the side buffer are stored as ~start.
  private starts = new Int32Array(256);
  private ends = new Int32Array(256);
  private tags = new Int32Array(256);
  private scratch = new Uint8Array(256);
  private scratchTop = 0;
  private bases = new Int32Array(32);
  private owners = new Float64Array(32);
  /** Bits of the keys of the innermost object, and those set aside for the objects around it. */
  private seenBits = 0;
  private outerBits = new Int32Array(32);
  private slotOwners = new Uint32Array(FIRST_SLOTS);
  private slotHashes = new Int32Array(FIRST_SLOTS);
  private slotKeys = new Int32Array(FIRST_SLOTS);
  private usedSlots = 0;
  private firstOwner = 1;
  private nextOwner = 1;

  /** Starts a scan; `maxDepth` objects may be open at once. The bytes are kept until {@link release}. */
  reset(bytes: Uint8Array, maxDepth: number): void {
    this.bytes = bytes;
    this.depth = 0;
    this.top = 0;
    this.scratchTop = 0;
    this.usedSlots = 0;
    if (this.nextOwner > MAX_OWNER) {
      this.slotOwners.fill(0);
      this.nextOwner = 1;
    }
    this.firstOwner = this.nextOwner;
    if (this.bases.length < maxDepth) {
      this.bases = new Int32Array(maxDepth);
      this.owners = new Float64Array(maxDepth);
      this.outerBits = new Int32Array(maxDepth);
    }
  }

  /** Lets go of the scanned bytes. */
  release(): void {
    this.bytes = NO_BYTES;
  }

  /** An object begins. */
  open(): void {
    this.outerBits[this.depth] = this.seenBits;
    this.seenBits = 0;
    this.bases[this.depth] = this.top;
    this.owners[this.depth] = 0;
    this.depth++;
    this.base = this.top;
  }

  /** The innermost object ends. */
  close(): void {
    this.depth--;
    this.top = this.base;
    this.seenBits = this.outerBits[this.depth] as number;
    if (this.depth > 0) this.base = this.bases[this.depth - 1] as number;
  }

  /** Number of keys of the innermost object so far. */
  count(): number {
    return this.top - this.base;
  }

  /** Adds a key of the innermost object, given without its quotes; false when the object has it already. */
  add(start: number, end: number, hasEscapes: boolean): boolean {
    if (this.top === this.starts.length) this.growStack();
    const key = this.top++;
    this.starts[key] = start;
    this.ends[key] = end;
    if (hasEscapes) this.unescape(key);
    const tags = this.tags;
    const tag = hasEscapes ? tagOf(this.scratch, this.offset(key), this.scratchTop) : tagOf(this.bytes, start, end);
    tags[key] = tag;
    const base = this.base;
    if (key - base >= MAX_LISTED) return this.addToTable(this.depth - 1, base, key);
    // One bit of 32 for each key: as long as bits are free, nothing needs to be searched (a fifth off the whole scan).
    const bit = 1 << (Math.imul(tag, 0x9e37_79b1) >>> 27);
    if ((this.seenBits & bit) === 0) {
      this.seenBits |= bit;
      return true;
    }
    for (let other = base; other < key; other++) {
      if (tags[other] === tag && this.isSame(other, key)) return false;
    }
    return true;
  }

  /** The bytes that hold the key added last; see {@link lastStart} and {@link lastEnd}. */
  lastSource(): Uint8Array {
    return this.source(this.top - 1);
  }

  lastStart(): number {
    return this.offset(this.top - 1);
  }

  lastEnd(): number {
    return this.ends[this.top - 1] as number;
  }

  /** Calls back with the span of the newest key of the object at this level (0 = outermost), if it has one. */
  newestKey(level: number): { bytes: Uint8Array; start: number; end: number } | undefined {
    const next = level + 1 < this.depth ? (this.bases[level + 1] as number) : this.top;
    if (next === this.bases[level]) return undefined;
    return { bytes: this.source(next - 1), start: this.offset(next - 1), end: this.ends[next - 1] as number };
  }

  private source(key: number): Uint8Array {
    return (this.starts[key] as number) < 0 ? this.scratch : this.bytes;
  }

  private offset(key: number): number {
    const start = this.starts[key] as number;
    return start < 0 ? ~start : start;
  }

  private unescape(key: number): void {
    const start = this.starts[key] as number;
    const end = this.ends[key] as number;
    const needed = this.scratchTop + end - start;
    if (needed > this.scratch.length) {
      const larger = new Uint8Array(needed * 2);
      larger.set(this.scratch);
      this.scratch = larger;
    }
    this.starts[key] = ~this.scratchTop;
    this.scratchTop = unescapeJson(this.bytes, start, end, this.scratch, this.scratchTop);
    this.ends[key] = this.scratchTop;
  }

  private isSame(left: number, right: number): boolean {
    const leftBytes = this.source(left);
    const rightBytes = this.source(right);
    const shift = this.offset(right) - this.offset(left);
    const end = this.ends[left] as number;
    if ((this.ends[right] as number) - end !== shift) return false;
    for (let i = this.offset(left); i < end; i++) {
      if (leftBytes[i] !== rightBytes[i + shift]) return false;
    }
    return true;
  }

  private addToTable(level: number, base: number, key: number): boolean {
    let owner = this.owners[level] as number;
    if (owner === 0) {
      owner = this.nextOwner++;
      this.owners[level] = owner;
      for (let earlier = base; earlier < key; earlier++) this.insert(owner, earlier);
    }
    return this.insert(owner, key);
  }

  private insert(owner: number, key: number): boolean {
    if (this.usedSlots * 2 >= this.slotOwners.length) this.growTable();
    const hash = this.hashOf(key);
    const mask = this.slotOwners.length - 1;
    let slot = mix(hash, owner) & mask;
    for (;;) {
      const holder = this.slotOwners[slot] as number;
      if (holder < this.firstOwner) break;
      if (holder === owner && this.slotHashes[slot] === hash && this.isSame(this.slotKeys[slot] as number, key))
        return false;
      slot = (slot + 1) & mask;
    }
    this.slotOwners[slot] = owner;
    this.slotHashes[slot] = hash;
    this.slotKeys[slot] = key;
    this.usedSlots++;
    return true;
  }

  private hashOf(key: number): number {
    const bytes = this.source(key);
    const end = this.ends[key] as number;
    const multiplier = (seed[1] as number) | 1;
    let hash = seed[0] as number;
    for (let i = this.offset(key); i < end; i++) {
      hash = Math.imul(hash ^ (bytes[i] as number), multiplier);
      // Without this the low bits of two keys could be made to agree whatever the seed is.
      hash ^= hash >>> 15;
    }
    return hash | 0;
  }

  private growStack(): void {
    this.starts = grown(this.starts);
    this.ends = grown(this.ends);
    this.tags = grown(this.tags);
  }

  private growTable(): void {
    const { slotOwners, slotHashes, slotKeys } = this;
    const length = slotOwners.length * 2;
    this.slotOwners = new Uint32Array(length);
    this.slotHashes = new Int32Array(length);
    this.slotKeys = new Int32Array(length);
    for (let old = 0; old < slotOwners.length; old++) {
      const owner = slotOwners[old] as number;
      if (owner < this.firstOwner) continue;
      let slot = mix(slotHashes[old] as number, owner) & (length - 1);
      while (this.slotOwners[slot] !== 0) slot = (slot + 1) & (length - 1);
      this.slotOwners[slot] = owner;
      this.slotHashes[slot] = slotHashes[old] as number;
      this.slotKeys[slot] = slotKeys[old] as number;
    }
  }
}

/** A cheap fingerprint; equal keys have equal tags. */
function tagOf(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  const length = end - start;
  return (
    (length << 24) ^
    ((bytes[start] as number) << 16) ^
    ((bytes[start + (length >> 1)] as number) << 8) ^
    (bytes[end - 1] as number)
  );
}

function mix(hash: number, owner: number): number {
  const mixed = Math.imul(hash ^ Math.imul(owner, 0x9e37_79b1), 0x85eb_ca6b);
  return mixed ^ (mixed >>> 16);
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

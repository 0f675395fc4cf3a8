import type { MessageId } from './brands.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const RANDOM_BLOCK_BYTES = 1_000;
const RANDOM_BYTES_PER_ID = 10;

/** The two digits of every 10-bit number: an id's random half takes eight look-ups. */
const PAIRS: readonly string[] = Array.from(
  { length: 1_024 },
  (_, value) => ALPHABET.charAt(value >> 5) + ALPHABET.charAt(value & 31),
);

/**
 * Makes a source of message ids: `arq_` and a ULID. Ids of one source sort by their making, also inside a millisecond
 * and when the clock steps back. `now` gives ms since the epoch; `random` fills the bytes it is given and is asked for
 * a block at a time.
 */
export function createMessageIds(now: () => number, random: (bytes: Uint8Array) => void): () => MessageId {
  const block = new Uint8Array(RANDOM_BLOCK_BYTES);
  let used = RANDOM_BLOCK_BYTES;
  let lastMs = -1;
  let timePart = '';
  // The 80 random bits as two halves of 40, which numbers hold exactly.
  let high = 0;
  let low = 0;
  let highPart = '';

  function startMillisecond(ms: number): void {
    if (used === RANDOM_BLOCK_BYTES) {
      random(block);
      used = 0;
    }
    lastMs = ms;
    timePart = `arq_${formatUlidTime(ms)}`;
    high = readUint40(block, used);
    low = readUint40(block, used + 5);
    used += RANDOM_BYTES_PER_ID;
    highPart = timePart + formatUint40(high);
  }

  function countUp(): void {
    low++;
    if (low <= MAX_UINT40) return;
    low = 0;
    high++;
    if (high > MAX_UINT40) startMillisecond(lastMs + 1);
    else highPart = timePart + formatUint40(high);
  }

  return () => {
    const ms = now();
    if (ms > lastMs) startMillisecond(ms);
    else countUp();
    return (highPart + formatUint40(low)) as MessageId;
  };
}

const MAX_UINT40 = 2 ** 40 - 1;

function readUint40(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 5; i++) value = value * 256 + (bytes[i] as number);
  return value;
}

function formatUint40(value: number): string {
  const upper = Math.floor(value / 0x100000);
  const lower = value % 0x100000;
  return (PAIRS[upper >> 10] as string) + PAIRS[upper & 1023] + PAIRS[lower >> 10] + PAIRS[lower & 1023];
}

function formatUlidTime(ms: number): string {
  let text = '';
  let rest = Math.floor(ms);
  for (let i = 0; i < 10; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

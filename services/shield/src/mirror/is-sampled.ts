import { stableHash } from '@arqonbus/spine';

const HASHES = 0x1_0000_0000;

/**
 * Whether a trace is in the share that is copied (MIR-1): the same one always or never, at every Shield, and who is in a
 * smaller share is in every larger one.
 */
export function isSampled(trace: string, percent: number): boolean {
  return mixed(stableHash(trace)) < (percent / 100) * HASHES;
}

/** Trace ids that differ in their last letters lie close together after FNV-1a; this spreads them (the end of MurmurHash3). */
function mixed(hash: number): number {
  let mix = hash;
  mix = Math.imul(mix ^ (mix >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}

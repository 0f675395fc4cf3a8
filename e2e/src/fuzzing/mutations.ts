import { readFileSync, readdirSync } from 'node:fs';
import type { Random } from './random.ts';

const commandTexts = [
  '{"type":"command","command":"join_channel","args":{"room":"fuzz","channel":"one","history":5,"echo":true}}',
  '{"type":"command","command":"history","args":{"room":"fuzz:one","limit":10,"after_seq":1,"order":"newest"}}',
  '{"type":"private","to":["user:alice","n_1"],"payload":{"a":[1,2,{"b":null}]},"ack":true}',
  '{"type":"event","room":"fuzz:one","payload":{"a":[1,2,{"b":"\\u00e9"}]},"metadata":{"x":1},"ack":true}',
];

/** Frames as clients send them, and the golden vectors. */
export function loadFrames(): { readonly json: readonly string[]; readonly proto: readonly Uint8Array[] } {
  const folder = new URL('../../../proto/vectors/', import.meta.url);
  const vectors = readdirSync(folder).map(
    (file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { json: string; proto_base64: string },
  );
  return {
    json: [...commandTexts, ...vectors.map(({ json }) => json)],
    proto: vectors.map(({ proto_base64: text }) => new Uint8Array(Buffer.from(text, 'base64'))),
  };
}

const spice = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\\',
  '\\u0000',
  '\\ud800',
  '-',
  '1e9',
  '9007199254740993',
  'null',
  '\u0000',
  '*',
  '>',
  'é',
];

/** The text with some of its pieces cut, repeated or replaced by what hurts. */
export function mutateText(text: string, random: Random): string {
  let mutated = text;
  for (let times = random(4); times >= 0; times--) {
    const at = random(mutated.length + 1);
    const length = random(8);
    const insert = spice[random(spice.length)] ?? '';
    const piece = mutated.slice(at, at + random(40));
    const kinds = [insert, '', piece + piece, piece.toUpperCase(), insert.repeat(random(50))];
    mutated = mutated.slice(0, at) + (kinds[random(kinds.length)] ?? '') + mutated.slice(at + length);
  }
  return mutated;
}

/** The bytes with some cut out and noise put in. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let mutated = Buffer.from(bytes);
  for (let times = random(4); times >= 0; times--) {
    const at = random(mutated.length + 1);
    const noise = Buffer.from(Array.from({ length: random(6) }, () => random(256)));
    mutated = Buffer.concat([mutated.subarray(0, at), noise, mutated.subarray(at + random(5))]);
  }
  return mutated;
}

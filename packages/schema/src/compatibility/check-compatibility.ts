import { readJsonSchema } from '../json/read-json-schema.ts';
import { readDescriptor } from '../protobuf/read-descriptor.ts';
import type { SchemaSource } from '../schema-source.ts';
import { Breaks } from './break.ts';
import type { Break, Compatibility } from './break.ts';
import { compareJsonSchemas } from './compare-json-schemas.ts';
import { compareMessages } from './compare-messages.ts';

export type { Break, Compatibility } from './break.ts';

/**
 * What keeps `next` from taking the place of `known` (SCH-3). `backward`: what the known version accepts, the new one does
 * too, so publishers of the known one go on. `forward`: what the new one accepts, the known one did, so its readers go on.
 * `full`: both. Where nobody can tell, it is a break. Both must be sources that compile.
 */
export function checkCompatibility(known: SchemaSource, next: SchemaSource, level: Compatibility): readonly Break[] {
  if (level === 'none') return [];
  if (known.kind !== next.kind) return [{ path: '', change: `the kind is ${next.kind} and was ${known.kind}` }];
  return [
    ...(level === 'forward' ? [] : breaksOf(known, next, 'the new version')),
    ...(level === 'backward' ? [] : breaksOf(next, known, 'the known version')),
  ];
}

/** Where `narrow` refuses what `wide` accepts. */
function breaksOf(wide: SchemaSource, narrow: SchemaSource, name: string): readonly Break[] {
  const breaks = new Breaks(name);
  if (wide.kind === 'json') compareJsonSchemas(readJsonSchema(wide.bytes), readJsonSchema(narrow.bytes), breaks);
  else {
    const [from, to] = [readDescriptor(wide.bytes, wide.message), readDescriptor(narrow.bytes, narrow.message)];
    compareMessages(from.message, to.message, breaks);
  }
  return breaks.list;
}

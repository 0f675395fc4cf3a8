import type { DescMessage } from '@bufbuild/protobuf';

/** A message and all that its fields lead to, each once. */
export function reachableMessages(message: DescMessage): readonly DescMessage[] {
  const found = new Set([message]);
  for (const reached of found) {
    for (const field of reached.fields) if (field.message !== undefined) found.add(field.message);
  }
  return [...found];
}

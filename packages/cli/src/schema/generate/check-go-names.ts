/** What would end the tag of a field, in which Go has the name, or mean something else there. */
const NOT_IN_TAGS = /[`"\\,\p{Cc}]/u;

/** Throws for a member of this shape that no field of Go can have: the library writes its name into the program as it is. */
export function checkGoNames(id: string, shape: unknown): void {
  for (const name of memberNames(shape)) {
    if (NOT_IN_TAGS.test(name)) throw new Error(`${id} has a member that Go cannot have: ${JSON.stringify(name)}`);
  }
}

function memberNames(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([keyword, inner]) => {
    const isNamed = keyword === 'properties' && typeof inner === 'object' && inner !== null;
    return [...(isNamed ? Object.keys(inner) : []), ...memberNames(inner)];
  });
}

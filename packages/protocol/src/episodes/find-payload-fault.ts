const MAX_REF_LENGTH = 2_048;
const MAX_SUMMARY_LENGTH = 16_384;
const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 128;

type Check = (value: unknown) => boolean;

const isText =
  (maxLength: number): Check =>
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= maxLength;

const isTag = isText(MAX_TAG_LENGTH);

const members: Readonly<Record<string, { readonly isNeeded: boolean; readonly isFine: Check }>> = {
  content_ref: { isNeeded: true, isFine: isText(MAX_REF_LENGTH) },
  tags: { isNeeded: true, isFine: (value) => Array.isArray(value) && value.length <= MAX_TAGS && value.every(isTag) },
  metadata: { isNeeded: true, isFine: isObject },
  summary: { isNeeded: false, isFine: isText(MAX_SUMMARY_LENGTH) },
  embedding_ref: { isNeeded: false, isFine: isText(MAX_REF_LENGTH) },
};

/** The member of an event's payload that is wrong, such as `payload.tags` (CTM-1); undefined = it is fine. A deletion needs none. */
export function findPayloadFault(payload: unknown, isDeletion: boolean): string | undefined {
  if (payload === undefined && isDeletion) return undefined;
  if (!isObject(payload)) return 'payload';
  const given = payload as Readonly<Record<string, unknown>>;
  for (const [name, { isNeeded, isFine }] of Object.entries(members)) {
    const value = given[name];
    if (value === undefined ? isNeeded && !isDeletion : !isFine(value)) return `payload.${name}`;
  }
  const strange = Object.keys(given).find((name) => !Object.hasOwn(members, name));
  return strange === undefined ? undefined : `payload.${strange}`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

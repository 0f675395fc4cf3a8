import { FORBIDDEN_EPISODE_KEYS } from './episode-event.ts';

const forbidden = new Set(FORBIDDEN_EPISODE_KEYS);

/** In the place of what a forbidden key held. */
export const REDACTED = '***REDACTED***';

/** The path of the first forbidden key at any depth, such as `payload.metadata.raw_content`; undefined = there is none (CTM-1). */
export function findForbiddenKey(value: unknown, path = ''): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (forbidden.has(key.toLowerCase())) return at;
    const found = findForbiddenKey(member, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The same value without what forbidden keys hold; the keys stay, so that it is refused again. */
export function withoutForbiddenValues(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutForbiddenValues);
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, member]) => [key, forbidden.has(key.toLowerCase()) ? REDACTED : withoutForbiddenValues(member)]),
  );
}

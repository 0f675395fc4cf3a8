import { parseServerVersion } from '../../nats/server-version.ts';

/** From this release on, all copies of a stream compare before one of two appends that expect the same is taken. */
const COMPARES_SINCE = [2, 12] as const;

/**
 * Whether a stream keeps its word when it compares with the last sequence of a subject (LOG-17). On older servers a
 * replicated stream takes several appends that expect the same one, since it compares before its copies have agreed
 * (seen on 2.9). `version` is that of the server; one that cannot be read counts as old.
 */
export function canCompare(version: string, replicas: number): boolean {
  if (replicas <= 1) return true;
  const [major, minor] = parseServerVersion(version);
  const [sinceMajor, sinceMinor] = COMPARES_SINCE;
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

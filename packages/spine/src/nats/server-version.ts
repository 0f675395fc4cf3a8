/** Release of a NATS server: major, minor, patch. One that cannot be read counts as the oldest, 0.0.0. */
export function parseServerVersion(version: string): readonly [number, number, number] {
  const [, major = '0', minor = '0', patch = '0'] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}

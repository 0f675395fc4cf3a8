/**
 * Which NATS server a test runs on: `packaged` is what the system's package manager has (2.9 in Debian 12), `newest`
 * the release that `npm test` builds where Go is installed (`scripts/ensure-newest-nats.mjs` pins it).
 */
export type NatsRelease = 'packaged' | 'newest';

/** The environment variable that names the program of each release. */
export const natsVariables: Readonly<Record<NatsRelease, string>> = {
  packaged: 'NATS_SERVER_PATH',
  newest: 'NATS_SERVER_NEWEST_PATH',
};

/** The releases at hand, for `describe.each`. Says, on stderr, when the tests on the newest are left out. */
export function natsReleases(
  environment: NodeJS.ProcessEnv = process.env,
  say: (line: string) => void = (line) => void process.stderr.write(line),
): readonly NatsRelease[] {
  if ((environment[natsVariables.newest] ?? '') !== '') return ['packaged', 'newest'];
  say(`Not tested on the newest NATS: ${natsVariables.newest} is not set.\n`);
  return ['packaged'];
}

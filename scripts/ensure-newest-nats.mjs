import { isExecutable } from './find-program.mjs';
import { installGoProgram } from './install-go-program.mjs';
import { isMain } from './root.mjs';

/** The release that the tests run on beside the packaged one: the newest that Go 1.26 builds. Pinned here alone. */
const VERSION = '2.15.2';
/** Names a server to take instead, and tells the tests which one it is. */
const VARIABLE = 'NATS_SERVER_NEWEST_PATH';

/**
 * Builds the newest NATS server where Go is installed, once per user, and gives the environment that tells the tests
 * where it is; says so in one line and gives an empty one where there is no Go. Throws with the output of a failed build.
 */
export async function ensureNewestNats() {
  const given = process.env[VARIABLE] ?? '';
  if (given !== '') {
    if (!isExecutable(given)) throw new Error(`${VARIABLE} names no program: ${given}`);
    return { [VARIABLE]: given };
  }
  const program = await installGoProgram({
    name: 'nats-server',
    version: VERSION,
    source: 'github.com/nats-io/nats-server/v2',
    about: 'a minute or two',
    advice: `nats-server ${VERSION} could not be built; mend Go, or set ${VARIABLE} to a nats-server:`,
  });
  if (program === undefined) {
    process.stderr.write(`No Go here: the tests run on the packaged NATS alone, not also on ${VERSION}.\n`);
    return {};
  }
  return { [VARIABLE]: program };
}

// `node scripts/ensure-newest-nats.mjs` prints the variable, to run single tests by hand: `env $(node ...) npx vitest ...`.
if (isMain(import.meta.url)) {
  for (const [name, value] of Object.entries(await ensureNewestNats())) process.stdout.write(`${name}=${value}\n`);
}

import { isExecutable } from './find-program.mjs';
import { installGoProgram } from './install-go-program.mjs';
import { isMain } from './root.mjs';

/** The release that the chart is rendered and checked with. What is rendered is compared byte by byte, so it is pinned. */
const VERSION = '3.22.0';
/** Names a program to take instead. */
const VARIABLE = 'HELM_PATH';
const ADVICE = `helm ${VERSION} could not be built from its Go module; mend Go, or set ${VARIABLE} to that release of helm`;

/** The path of Helm, which is built where Go is installed, once per user. Throws with what to install where there is neither. */
export async function ensureHelm() {
  const given = process.env[VARIABLE] ?? '';
  if (given !== '') {
    if (!isExecutable(given)) throw new Error(`${VARIABLE} names no program: ${given}`);
    return given;
  }
  const source = 'helm.sh/helm/v3/cmd/helm';
  const about = 'some minutes';
  const program = await installGoProgram({ name: 'helm', version: VERSION, source, about, advice: `${ADVICE}:` });
  if (program === undefined) throw new Error(`${ADVICE}. There is no Go here.`);
  return program;
}

// `node scripts/ensure-helm.mjs` prints where it is.
if (isMain(import.meta.url)) process.stdout.write(`${await ensureHelm()}\n`);

import { installGoProgram } from './install-go-program.mjs';
import { isMain } from './root.mjs';

/** Releases of what signs and of a registry to sign in. Pinned here alone. */
const PROGRAMS = {
  cosign: { version: '2.6.5', source: 'github.com/sigstore/cosign/v2/cmd/cosign', about: 'half an hour on two cores' },
  crane: {
    version: '0.20.7',
    source: 'github.com/google/go-containerregistry/cmd/crane',
    about: 'a minute',
  },
};

/** The paths of cosign, and of crane, which serves a registry in memory; each is built where Go is installed, once per user. */
export async function ensureSigning() {
  const paths = {};
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const advice = `${name} ${program.version} could not be built from its Go module; mend Go:`;
    const path = await installGoProgram({ name, advice, ...program });
    if (path === undefined) throw new Error(`${name} is built with Go, and there is no Go here.`);
    paths[name] = path;
  }
  return paths;
}

// `node scripts/ensure-signing.mjs` prints where they are.
if (isMain(import.meta.url)) process.stdout.write(`${Object.values(await ensureSigning()).join('\n')}\n`);

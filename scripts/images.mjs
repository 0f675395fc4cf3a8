import { build } from './build.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';

// `npm run images`: builds the image of every service with Podman, on a base of Debian's packages where no registry of images is
// reached, starts each and says what is wrong with it. `-- --compose` brings docker-compose.yml up with them as well, and kills a
// Shield while people chat. `-- --sign` pushes them to a registry of its own, signs and verifies them there. docs/deployment.md.
endWithParent();
await ensureInstalled();
await build();
// Not before: in a fresh clone the packages that these import are not there yet.
const { checkImages } = await import('./images/check-images.mjs');
const { checkCompose } = await import('./images/check-compose.mjs');
const { checkSigning } = await import('./images/check-signing.mjs');
const results = [
  await checkImages(),
  process.argv.includes('--compose') ? await checkCompose() : true,
  process.argv.includes('--sign') ? await checkSigning() : true,
];
process.exitCode = results.every(Boolean) ? 0 : 1;

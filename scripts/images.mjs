import { build } from './build.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { checkImages } from './images/check-images.mjs';

// `npm run images`: builds the image of every service with Podman, on a base of Debian's packages where no registry of images is
// reached, starts each and says what is wrong with it. docs/deployment.md.
endWithParent();
await ensureInstalled();
await build();
process.exitCode = (await checkImages()) ? 0 : 1;

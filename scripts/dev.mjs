import { pathToFileURL } from 'node:url';
import { build, cliBundle } from './build.mjs';
import { endWithParent } from './end-with-parent.mjs';
import { ensureInstalled } from './ensure-installed.mjs';

// `npm run dev [-- <options of arqon dev>]`: from a fresh clone to a running bus. Progress goes to stderr alone, so that
// `--json` leaves one line on stdout.
endWithParent();
await ensureInstalled();
if (await build()) process.stderr.write('Built.\n');

// Loaded into this process: signals, exit code and streams are the bus's own.
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], cliBundle, 'dev', ...process.argv.slice(2)];
await import(pathToFileURL(cliBundle).href);

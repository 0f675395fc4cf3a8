import { ensureInstalled } from './ensure-installed.mjs';
import { generateCode } from './generated-code.mjs';

// `npm run generate`: wire types and descriptors of every SDK from proto/.
await ensureInstalled();
await generateCode();

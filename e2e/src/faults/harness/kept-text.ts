import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ValkeyServer } from '@arqonbus/testkit';

/** All files of a folder, as one text. */
export function textUnder(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('');
}

/** All that Valkey holds, as one text. */
export async function textOfValkey(valkey: ValkeyServer): Promise<string> {
  const lua = `
local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = key .. redis.call('DUMP', key) end
return table.concat(all)`;
  return valkey.command('EVAL', lua, '0');
}

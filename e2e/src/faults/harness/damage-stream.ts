import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Turns single bits over in what a NATS server has stored of a stream's messages, so many in each file, evenly; gives the number of
 * files.
 */
export function damageStream(storeDir: string, stream: string, flips: number): number {
  const files = readdirSync(storeDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes(`/${stream}/msgs/`) && name.endsWith('.blk'))
    .map((name) => join(storeDir, name));
  for (const file of files) {
    const bytes = readFileSync(file);
    for (let n = 1; n <= flips; n++) {
      const at = Math.floor((bytes.length * n) / (flips + 1));
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    }
    writeFileSync(file, bytes);
  }
  return files.length;
}

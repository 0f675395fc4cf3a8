import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Drill } from './drill.ts';
import { isGrowing } from './growing.ts';

const DISK = '64m';
const PIECE = Buffer.alloc(65_536);

/** The disk of NATS is full of what somebody else wrote there. It is a small one in memory, which takes root to mount. */
export function fullDisk(): Drill {
  let disk = '';
  return {
    name: 'full-disk',
    alert: 'ArqonbusAcceptanceBudgetBurnsFast',
    prepare: async () => {
      disk = mkdtempSync(join(tmpdir(), 'arqonbus-disk-'));
      asRoot('mount', '-t', 'tmpfs', '-o', `size=${DISK},mode=1777`, 'arqonbus-drill', disk);
      const store = join(disk, 'nats');
      mkdirSync(store);
      return {
        // What the log may take is reserved at the start, and more than there is: nobody has kept the rest of the disk free.
        env: { ARQONBUS_LOG_STREAM_MAX_BYTES: '67108864' },
        natsConfig: `jetstream { store_dir: ${JSON.stringify(store)}, max_file: 8GB }`,
        stop: async () => {
          asRoot('umount', disk);
          rmSync(disk, { recursive: true });
        },
      };
    },
    harm: async (bus) => {
      const rubbish = join(disk, 'rubbish');
      fill(rubbish);
      return async () => {
        rmSync(rubbish);
        await bus.nats.restart();
      };
    },
    isShown: (bus) => isGrowing(bus, 'arqonbus_messages_failed_total'),
  };
}

/** Writes until there is no room. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, PIECE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

function asRoot(...words: readonly string[]): void {
  const [program = '', ...args] = process.getuid?.() === 0 ? words : ['sudo', '--non-interactive', ...words];
  execFileSync(program, args, { stdio: 'pipe' });
}

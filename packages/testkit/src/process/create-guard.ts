import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Cleans up behind a test process, however that one ends. */
export interface Guard {
  /** The process to kill at the end; undefined = none any more. */
  watch(pid: number | undefined): void;
  /** Ends the guard: the watched process is killed, the folder removed. */
  end(): Promise<void>;
}

// Reads until the other end of the pipe is gone, which the system closes for us even after SIGKILL.
const SCRIPT = `
last=none
while read -r pid; do last=$pid; done
[ "$last" = none ] || kill -KILL "$last" 2>/dev/null
rm -rf -- "$1"
`;

/** Starts a guard over `folder`. It has a session of its own, so that Ctrl-C in a terminal does not reach it first. */
export function createGuard(folder: string): Guard {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'guard', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = once(shell, 'exit');
  return {
    watch: (pid) => void shell.stdin.write(`${pid ?? 'none'}\n`),
    async end() {
      shell.stdin.end();
      await ended;
    },
  };
}

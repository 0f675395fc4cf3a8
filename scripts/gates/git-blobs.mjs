import { spawnSync } from 'node:child_process';

const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;
const NEWLINE = 10;

/** Every content that any file ever had in the history of the repository at `base`, with a path that it had. Throws where the history is not all there. */
export function gitBlobs(base) {
  if (git(base, ['rev-parse', '--is-shallow-repository']).toString().trim() !== 'false') {
    throw new Error('This clone has only a part of the history (git fetch --unshallow).');
  }
  const names = new Map(
    git(base, ['rev-list', '--objects', '--all'])
      .toString()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
      .filter(([id, name]) => id !== '' && name !== ''),
  );
  return readObjects(git(base, ['cat-file', '--batch'], [...names.keys()].join('\n')))
    .filter(({ type }) => type === 'blob')
    .map(({ id, content }) => ({ place: names.get(id) ?? id, content }));
}

/** Reads `<id> <type> <size>` lines, each followed by so many bytes and a line's end. */
function readObjects(output) {
  const objects = [];
  for (let at = 0; at < output.length;) {
    const lineEnd = output.indexOf(NEWLINE, at);
    const [id, type, size] = output.subarray(at, lineEnd).toString().split(' ');
    const start = lineEnd + 1;
    const end = start + Number(size);
    objects.push({ id, type, content: output.subarray(start, end).toString() });
    at = end + 1;
  }
  return objects;
}

function git(base, args, input = '') {
  // A clone may belong to another user than the one who checks it.
  const all = ['-c', 'safe.directory=*', ...args];
  const { status, stdout, stderr, error } = spawnSync('git', all, { cwd: base, input, maxBuffer: MAX_OUTPUT_BYTES });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`The history cannot be read: ${stderr.toString().trim()}`);
  return stdout;
}

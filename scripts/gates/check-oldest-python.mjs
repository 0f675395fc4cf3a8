import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isExecutable, onPath } from '../find-program.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';

/** What packages/sdk-python/pyproject.toml begins with. */
const OLDEST = '3.10';
const IS_OLDEST = `import sys, venv, ensurepip; sys.exit("%d.%d" % sys.version_info[:2] != "${OLDEST}")`;
const REQUIREMENTS = join(root, 'packages/sdk-python/requirements-dev.txt');
const PYTHON_TESTS = ['e2e/src/sdk-python.test.ts', 'e2e/src/sdk-python-package.test.ts'];

/**
 * True when the Python SDK passes its tests, its types, its package and all scenarios with the oldest Python that it promises, which has to be
 * here: on the path, or among those of pyenv. Asks the registry for what its tests need.
 */
export async function checkOldestPython() {
  const program = await findOldest();
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-python-'));
  try {
    const python = join(folder, 'bin/python');
    const env = { PYTHON_PATH: python };
    const steps = [
      [program, ['-m', 'venv', folder]],
      [python, ['-m', 'pip', '--quiet', 'install', '--only-binary', ':all:', '-r', REQUIREMENTS]],
      ['vitest', ['run', '--project', 'e2e', ...PYTHON_TESTS]],
      ['vitest', ['run', '--project', 'e2e', 'e2e/src/conformance.test.ts', '-t', 'Python']],
    ];
    for (const [step, args] of steps) if ((await run(step, args, { env })).code !== 0) return false;
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function findOldest() {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  const installed = existsSync(versions)
    ? readdirSync(versions).map((name) => join(versions, name, 'bin/python3'))
    : [];
  for (const path of [...onPath(`python${OLDEST}`), ...onPath('python3'), ...installed]) {
    if (isExecutable(path) && (await run(path, ['-c', IS_OLDEST], { output: 'capture' })).code === 0) return path;
  }
  throw new Error(`Python ${OLDEST} was not found, on the path or under ${versions}. Install it.`);
}

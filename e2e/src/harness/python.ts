import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the Python SDK. */
export const pythonSdk: string = fileURLToPath(new URL('../../../packages/sdk-python', import.meta.url));
const ensurePython = fileURLToPath(new URL('../../../scripts/ensure-python.mjs', import.meta.url));

/** Bytes that a program may print. */
const MAX_OUTPUT = 67_108_864;

/** The Python of the tests. */
export async function findPython(): Promise<string> {
  return process.env['PYTHON_PATH'] ?? (await runProgram(process.execPath, [ensurePython], {})).trim();
}

/** Runs the Python of the tests in the folder of its SDK, and gives what it prints; throws with that where it fails. */
export async function runPython(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return runProgram(await findPython(), args, { PYTHONPATH: 'src', ...env });
}

/** What tells pip to take the wheels that the Python of the tests was made of; nothing where somebody else made it. */
export async function pythonWheels(): Promise<readonly string[]> {
  const wheels = join(dirname(await findPython()), '../wheels');
  return existsSync(wheels) ? ['--no-index', '--find-links', wheels] : [];
}

/** Runs a program in the folder of the Python SDK, and gives what it prints; throws with that where it fails. */
export function runProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env };
    const options = { cwd: pythonSdk, env: environment, maxBuffer: MAX_OUTPUT };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

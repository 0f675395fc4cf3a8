import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the Python SDK. */
export const pythonSdk: string = fileURLToPath(new URL('../../../packages/sdk-python', import.meta.url));
const ensurePython = fileURLToPath(new URL('../../../scripts/ensure-python.mjs', import.meta.url));

/** The Python of the tests. */
export async function findPython(): Promise<string> {
  return process.env['PYTHON_PATH'] ?? (await run(process.execPath, [ensurePython], {})).trim();
}

/** Runs the Python of the tests in the folder of its SDK, and gives what it prints; throws with that where it fails. */
export async function runPython(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return run(await findPython(), args, { PYTHONPATH: 'src', ...env });
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: pythonSdk, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env } };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

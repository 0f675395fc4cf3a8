import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const sdk = fileURLToPath(new URL('../../../packages/sdk-python', import.meta.url));
const ensurePython = fileURLToPath(new URL('../../../scripts/ensure-python.mjs', import.meta.url));

/** Runs the Python of the tests in the folder of its SDK, and gives what it prints; throws with that where it fails. */
export async function runPython(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const program = process.env['PYTHON_PATH'] ?? (await run(process.execPath, [ensurePython], {})).trim();
  return run(program, args, { PYTHONPATH: 'src', ...env });
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: sdk, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env } };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

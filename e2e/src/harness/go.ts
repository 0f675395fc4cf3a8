import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the Go SDK. */
export const goSdk: string = fileURLToPath(new URL('../../../packages/sdk-go', import.meta.url));
const ensureGo = fileURLToPath(new URL('../../../scripts/ensure-go.mjs', import.meta.url));

/** The Go of the tests; empty where there is none, and then what needs it is not tested. */
export async function findGo(): Promise<string> {
  return process.env['GO_PATH'] ?? (await run(process.execPath, [ensureGo], goSdk, {})).trim();
}

/** Runs Go in a folder, and gives what it prints; throws with that where it fails. */
export async function runGo(
  go: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  return run(go, args, options.cwd ?? goSdk, { GOFLAGS: '-buildvcs=false', GOTOOLCHAIN: 'local', ...options.env });
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

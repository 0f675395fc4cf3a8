import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureSigning } from '../ensure-signing.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';
import { imageOf, imageTargets } from './build-images.mjs';
import { ensurePodman, podman } from './podman.mjs';

/** There is no transparency log here, and the registry speaks plain HTTP; all else is what docs/deployment.md says of a release. */
const HERE = ['--allow-insecure-registry'];
const SIGN = [...HERE, '--tlog-upload=false', '--yes'];
const VERIFY = [...HERE, '--insecure-ignore-tlog=true'];

/**
 * Carries a release out as docs/deployment.md has it, offline: pushes the images that are there to a registry of its own, signs each by its digest with a key
 * made for this and attests its bill of materials, then verifies both as a stranger would. True when what was signed is accepted, and what was not, or by
 * another key, is refused.
 */
export async function checkSigning() {
  await ensurePodman();
  const { cosign, crane } = await ensureSigning();
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-signing-'));
  const registry = await startRegistry(crane);
  try {
    const faults = [];
    const ask = (...args) => run(cosign, args, { output: 'capture', cwd: folder, env: { COSIGN_PASSWORD: '' } });
    for (const name of ['release', 'other']) await must(ask('generate-key-pair', '--output-key-prefix', name));
    for (const target of imageTargets) {
      const reference = await push(target, registry.port, folder);
      faults.push(...(await unsignedFaults(ask, target, reference)));
      const bill = join(root, `.cache/bills/${target}.cdx.json`);
      await must(ask('sign', '--key', 'release.key', ...SIGN, reference));
      const predicate = ['--type', 'cyclonedx', '--predicate', bill];
      await must(ask('attest', '--key', 'release.key', ...predicate, ...SIGN, reference));
      faults.push(...(await signedFaults(ask, target, reference)));
    }
    for (const fault of faults) process.stdout.write(`${fault}\n`);
    if (faults.length === 0)
      process.stdout.write(`signed         ${imageTargets.length} images and their bills of materials\n`);
    return faults.length === 0;
  } finally {
    registry.stop();
    rmSync(folder, { recursive: true });
  }
}

async function unsignedFaults(ask, target, reference) {
  const { code } = await ask('verify', '--key', 'release.pub', ...VERIFY, reference);
  return code === 0 ? [`${target} is accepted before it is signed`] : [];
}

async function signedFaults(ask, target, reference) {
  const verify = ['verify', ...VERIFY, reference];
  const verifyBill = ['verify-attestation', '--type', 'cyclonedx', ...VERIFY, reference];
  const outcomes = [
    { fault: 'is refused though it is signed', isGood: true, args: [...verify, '--key', 'release.pub'] },
    { fault: 'has a bill of materials that is refused', isGood: true, args: [...verifyBill, '--key', 'release.pub'] },
    { fault: 'is accepted by a key that did not sign it', isGood: false, args: [...verify, '--key', 'other.pub'] },
    {
      fault: 'has a bill that another key is said to have signed',
      isGood: false,
      args: [...verifyBill, '--key', 'other.pub'],
    },
  ];
  const faults = [];
  for (const { fault, isGood, args } of outcomes) {
    const { code, output } = await ask(...args);
    if ((code === 0) !== isGood) faults.push(`${target} ${fault}: ${output}`);
  }
  return faults;
}

/** Gives the reference with the digest that the registry knows it by. */
async function push(target, port, folder) {
  const name = `127.0.0.1:${port}/arqonbus/${target}`;
  const digestFile = join(folder, `${target}.digest`);
  await podman('push', '--tls-verify=false', '--digestfile', digestFile, imageOf(target), `docker://${name}:release`);
  return `${name}@${readFileSync(digestFile, 'utf8').trim()}`;
}

async function startRegistry(crane) {
  const port = await freePort();
  const child = spawn(crane, ['registry', 'serve', '--address', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) {
    if (child.exitCode !== null) throw new Error('The registry did not start.');
    await wait(50);
  }
  return { port, stop: () => child.kill() };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function must(running) {
  const { code, output } = await running;
  if (code !== 0) throw new Error(`cosign failed:\n${output}`);
}

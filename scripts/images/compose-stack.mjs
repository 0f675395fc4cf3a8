import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureCompose } from '../ensure-compose.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';
import { podman, podmanEnvironment } from './podman.mjs';

const SOCKET = '/run/arqonbus-podman.sock';
const PROJECT = 'arqonbus-check';
const UP_MS = 240_000;

/** Where it is reached; others than the file's own, so that one that somebody has running is not in the way. */
export const ports = { ARQON_PORT: '19100', ARQON_BRIDGE_PORT: '19102', ARQON_PROMETHEUS_PORT: '19090' };

/**
 * Brings docker-compose.yml up under Podman, as it is, with the images that are there: Docker Compose reads it and speaks to Podman's socket.
 * Resolves when all that has a health check is healthy. `down` ends it and throws its volumes away; `containerOf`, `networkOf` and `volumeOf`
 * give the names that things of the file have.
 */
export async function startComposeStack() {
  const compose = await ensureCompose();
  rmSync(SOCKET, { force: true });
  const service = spawn('podman', ['system', 'service', '--time=0', `unix://${SOCKET}`], {
    env: { ...process.env, ...podmanEnvironment },
    stdio: 'ignore',
  });
  while (!existsSync(SOCKET)) await wait(50);
  const health = askHealth();
  const env = { DOCKER_HOST: `unix://${SOCKET}`, ...ports };
  const inProject = (...args) =>
    run(compose, ['--project-name', PROJECT, ...args], { output: 'capture', env, cwd: root });
  // With what stands under a profile, which nothing else ends.
  const endAll = () => inProject('--profile', 'observability', 'down', '--volumes', '--timeout', '1');
  const down = async () => {
    await endAll();
    await health.stop();
    service.kill();
  };
  // What a run that was killed has left behind.
  await endAll();
  const up = inProject('up', '--detach', '--no-build', '--pull', 'never');
  const result = await Promise.race([up, wait(UP_MS, undefined, { ref: false })]);
  if (result?.code !== 0) {
    const seen = await podman('ps', '--all', '--format', '{{.Names}} {{.Status}}');
    await down();
    throw new Error(`docker-compose.yml did not come up:\n${result?.output ?? 'It took too long.'}\n${seen}`);
  }
  return {
    down,
    compose: inProject,
    containerOf: (name) => `${PROJECT}-${name}`,
    networkOf: (name) => `${PROJECT}_${name}`,
    volumeOf: (name) => `${PROJECT}_${name}`,
  };
}

/** Health checks are what a daemon does; Podman has none, and leaves it to systemd, which need not be there. */
function askHealth() {
  let isGoing = true;
  const going = (async () => {
    while (isGoing) {
      const ids = await podman('ps', '--quiet', '--filter', `label=com.docker.compose.project=${PROJECT}`);
      // Unhealthy is an answer, too, and some have no check.
      for (const id of ids.split('\n').filter(Boolean)) await podman('healthcheck', 'run', id).catch(() => undefined);
      await wait(500);
    }
  })();
  return {
    stop: () => {
      isGoing = false;
      return going;
    },
  };
}

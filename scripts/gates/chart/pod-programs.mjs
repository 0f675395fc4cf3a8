import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { importSource } from '../../import-source.mjs';
import { ensureSystem } from '../../ensure-system.mjs';
import { root } from '../../root.mjs';
import { placePod } from './place-pod.mjs';
import { answersWell, endsWell } from './started-pod.mjs';

const NATS = [0, 1, 2].map((number) => `nats-${number}`);
const NAMES = [...NATS, 'valkey', 'postgres', 'brain', 'shield', 'bridge', 'migrate', 'test'];

/** What stands for nodes and images: programs of this machine, a few ports for each pod, and whom Postgres runs as. */
export async function createMachine(folder) {
  const { freePort } = await importSource('packages/testkit', 'src/raw-socket/free-port.ts');
  const { findValkeyServer } = await importSource('packages/testkit', 'src/valkey-server/find-valkey-server.ts');
  const { findPostgres } = await importSource('packages/testkit', 'src/postgres-server/find-postgres.ts');
  const { ordinaryUser } = await importSource('packages/testkit', 'src/postgres-server/ordinary-user.ts');
  const ports = new Map();
  for (const name of NAMES) {
    ports.set(name, { main: await freePort(), admin: await freePort(), peers: await freePort() });
  }
  const { findNatsServer } = await importSource('packages/testkit', 'src/nats-server/find-nats-server.ts');
  const env = { ...process.env, ...(await ensureSystem()) };
  const nats = findNatsServer(env['NATS_SERVER_NEWEST_PATH'] === undefined ? 'packaged' : 'newest', env);
  const postgres = findPostgres(env).postgres;
  return { folder, ports, nats, valkey: findValkeyServer(env), postgres, user: ordinaryUser() };
}

/** The pod of this name (`nats-1`, `brain`) among rendered objects, ready to be run here: its words, its environment, and the probe `isReady`. */
export function podOn(machine, objects, name) {
  const service = name.replace(/-\d$/, '');
  const owner = objects.find(
    ({ kind, metadata }) =>
      ['StatefulSet', 'Deployment', 'Job', 'Pod'].includes(kind) &&
      metadata.labels['app.kubernetes.io/component'] === service,
  );
  const spec = owner.kind === 'Pod' ? owner.spec : owner.spec.template.spec;
  const folder = join(machine.folder, name);
  const { main, admin, peers } = machine.ports.get(name);
  const names = new Map([...addressesOf(machine.ports), ...listenersOf(service, { main, admin, peers })]);
  const user = service === 'postgres' ? machine.user : undefined;
  const pod = placePod(spec, objects, { podName: `arqon-${name}`, folder, names, user: machine.user });
  const { readinessProbe: probe, livenessProbe: life } = spec.containers[0];
  return { name, folder, user, ...programs[service](pod, { machine, probe, life, main, admin, folder }) };
}

/** Addresses by which pods know each other. */
function addressesOf(ports) {
  const at = (name, port = 'main') => `localhost:${ports.get(name)[port]}`;
  return [
    ...NATS.flatMap((name) => [
      [`arqon-${name}.arqon-nats:4222`, at(name)],
      [`arqon-${name}.arqon-nats:6222`, at(name, 'peers')],
    ]),
    ['arqon-valkey:6379', at('valkey')],
    ['arqon-postgres:5432', at('postgres')],
    ['arqon-shield:9100', at('shield')],
  ];
}

function listenersOf(service, { main, admin, peers }) {
  if (service === 'nats') {
    return [
      ['0.0.0.0:4222', `127.0.0.1:${main}`],
      ['0.0.0.0:6222', `127.0.0.1:${peers}`],
      ['127.0.0.1:8222', `127.0.0.1:${admin}`],
    ];
  }
  if (service === 'valkey') return [['tls-port 6379', `bind 127.0.0.1\ntls-port ${main}`]];
  return [['listen_addresses=*', 'listen_addresses=127.0.0.1']];
}

const programs = {
  nats: ({ words: [, ...args], env, here }, { machine, probe, life }) => {
    const asks = [probe, life].map(({ exec }) => here(exec.command.at(-1)));
    const isReady = async () => (await Promise.all(asks.map(answersWell))).every(Boolean);
    return { words: [machine.nats, ...args], env, isReady };
  },
  valkey: ({ words: [, ...args], env, here }, { machine, probe, main }) => {
    const client = `${machine.valkey.replace('-server', '-cli')} -p ${main}`;
    const command = probe.exec.command.map((word) => here(word).replace('valkey-cli', client));
    return { words: [machine.valkey, ...args], env, isReady: () => endsWell(command, {}) };
  },
  postgres: ({ words, env, here }, { machine, probe, main, folder }) => {
    // The image's own script is not at hand; that of the stand-in makes a database and runs what lies ready. Who asks by the socket has no
    // name that Postgres knows.
    const script = join(folder, 'entrypoint.sh');
    const sockets = here('/var/run/postgresql');
    const text = readFileSync(join(root, 'scripts/images/stand-in-entrypoint.sh'), 'utf8')
      .replace('/docker-entrypoint-initdb.d', dirname(here('/docker-entrypoint-initdb.d/arqonbus.sh')))
      .replace('/tmp/', `${here('/tmp')}/`)
      .replace('--auth-local peer', '--auth-local trust')
      .replace("listen_addresses=''", `listen_addresses='' -c unix_socket_directories=${sockets}`);
    writeFileSync(script, text);
    const path = `${dirname(machine.postgres)}${delimiter}${process.env.PATH}`;
    const own = { ...env, PATH: path, PGPORT: String(main), PGHOST: sockets };
    return {
      words: ['sh', script, ...words, '-c', `unix_socket_directories=${sockets}`],
      env: own,
      isReady: () => endsWell(probe.exec.command, own),
    };
  },
  brain: ourService,
  shield: ourService,
  bridge: ourService,
  migrate: arqon,
  test: arqon,
};

function ourService({ words, env }, { probe, main, admin, folder }) {
  const service = /\w+$/.exec(folder)[0];
  const ports = {
    ARQONBUS_HTTP_PORT: admin,
    ARQONBUS_SERVER_PORT: main,
    ARQONBUS_BRIDGE_PORT: main,
    ARQONBUS_BRIDGE_GRPC_PORT: 0,
    ARQONBUS_TELEMETRY_PORT: 0,
  };
  const free = Object.entries(ports).filter(([name]) => env[name] !== undefined);
  const here = Object.entries(env).map(([name, value]) => [name, value === '0.0.0.0' ? '127.0.0.1' : value]);
  return {
    words: [process.execPath, join(root, `services/${service}/dist/${service}.mjs`), ...words],
    env: { ...Object.fromEntries(here), ...Object.fromEntries(free.map(([name, port]) => [name, String(port)])) },
    isReady: () => answersWell(`http://127.0.0.1:${admin}${probe.httpGet.path}`),
    health: `http://127.0.0.1:${admin}/health`,
  };
}

function arqon({ words, env }) {
  return { words: [process.execPath, join(root, 'packages/cli/dist/arqon.mjs'), ...words], env };
}

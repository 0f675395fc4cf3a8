import { aptInstall, canUseApt } from './apt.mjs';
import { ensureGo } from './ensure-go.mjs';
import { ensureNewestNats } from './ensure-newest-nats.mjs';
import { ensurePromtool } from './ensure-promtool.mjs';
import { ensurePython } from './ensure-python.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { isMain } from './root.mjs';

/** What the tests need from the system; `isForChaos`: `npm run chaos` alone. `variable` names the environment variable that overrides the search and tells the tests. */
const REQUIREMENTS = [
  {
    name: 'Chromium',
    reason: 'the chat page is tested in a real browser',
    variable: 'CHROMIUM_PATH',
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'],
    places: [
      '/usr/lib/chromium/chromium',
      '/snap/bin/chromium',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    debianPackage: 'chromium',
  },
  {
    name: 'nats-server',
    reason: 'the Spine is tested on a real NATS',
    variable: 'NATS_SERVER_PATH',
    programs: ['nats-server'],
    places: ['/usr/sbin/nats-server', '/usr/local/sbin/nats-server'],
    debianPackage: 'nats-server',
  },
  {
    name: 'Postgres',
    reason: 'durable state is tested on a real Postgres',
    variable: 'POSTGRES_PATH',
    programs: ['postgres'],
    places: ['18', '17', '16', '15'].map((major) => `/usr/lib/postgresql/${major}/bin/postgres`),
    debianPackage: 'postgresql',
  },
  {
    name: 'Valkey or Redis 7',
    reason: 'storage is tested on a real server',
    variable: 'VALKEY_SERVER_PATH',
    programs: ['valkey-server', 'redis-server'],
    places: ['/usr/sbin/valkey-server', '/usr/sbin/redis-server'],
    debianPackage: 'redis-server',
  },
  {
    name: 'HAProxy',
    reason: 'drills stand behind the balancer that is shipped',
    variable: 'HAPROXY_PATH',
    programs: ['haproxy'],
    places: ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'],
    debianPackage: 'haproxy',
    isForChaos: true,
  },
  {
    name: 'OpenSSL',
    reason: 'the certificates of the tests are made by it',
    variable: 'OPENSSL_PATH',
    programs: ['openssl'],
    places: ['/usr/local/bin/openssl'],
    debianPackage: 'openssl',
  },
];

/**
 * What the tests need: {@link ensurePrograms} of everything, promtool, a Python environment, Go where there is one or it can be
 * fetched, and the newest NATS, which is built where there is Go.
 */
export async function ensureSystem() {
  const programs = await ensurePrograms(REQUIREMENTS.filter(({ isForChaos }) => !isForChaos).map(({ name }) => name));
  const languages = { ...(await ensurePython()), ...(await ensureGo()) };
  return { ...programs, ...(await ensurePromtool()), ...(await ensureNewestNats()), ...languages };
}

/**
 * Finds programs by the names above, installs with apt what is missing where we are root and apt exists, and gives the
 * environment that tells where they are. Throws with what to install when something stays missing.
 */
export async function ensurePrograms(names) {
  const requirements = REQUIREMENTS.filter(({ name }) => names.includes(name));
  const missing = requirements.filter((requirement) => find(requirement) === undefined);
  // A path that was given and is wrong is for its giver to mend.
  const installable = missing.filter((requirement) => !isGiven(requirement));
  if (installable.length > 0 && canUseApt()) await aptInstall(installable.map(({ debianPackage }) => debianPackage));
  const lacking = requirements.filter((requirement) => find(requirement) === undefined);
  if (lacking.length > 0) throw new Error(lacking.map(advice).join('\n'));
  return Object.fromEntries(requirements.map((requirement) => [requirement.variable, find(requirement)]));
}

function isGiven({ variable }) {
  return (process.env[variable] ?? '') !== '';
}

function find(requirement) {
  const { variable, programs, places } = requirement;
  if (isGiven(requirement)) return [process.env[variable]].find(isExecutable);
  return [...programs.flatMap(onPath), ...places].find(isExecutable);
}

function advice({ name, reason, variable, debianPackage }) {
  return `${name} was not found (${reason}). Install it (Debian: apt-get install ${debianPackage}), or set ${variable} to its program.`;
}

if (isMain(import.meta.url)) await ensureSystem();

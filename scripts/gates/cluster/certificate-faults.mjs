import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { importSource } from '../../import-source.mjs';
import { faultsThatStay, itemsAt } from '../chart/prepare-cluster.mjs';
import { standingFaults } from '../chart/standing-faults.mjs';
import { createObjects } from './create-objects.mjs';
import { namespace, release } from './release.mjs';

const NAME = 'bus-tls';
const SECRETS = `/api/v1/namespaces/${namespace}/secrets`;
const PORT = 9100;
/** It would need a name of the certificate. */
const NO_TEST = ['--set', 'tests.token.name='];
/** The kubelet brings what is new in a Secret when it looks at the pod the next time, and Shields look at the file. */
const BROUGHT_MS = 240_000;

/**
 * What is wrong with the certificate of Shields that end TLS themselves, in words: it is that of the Secret, and when the Secret is renewed it is the
 * new one, of the same pods.
 */
export async function certificateFaults(cluster, helmed) {
  const { createTestCertificate } = await importSource('packages/testkit', 'src/tls/create-test-certificate.ts');
  const [first, second] = [createTestCertificate(1), createTestCertificate(2)];
  await createObjects(cluster.ask, [[SECRETS, NAME, { type: 'kubernetes.io/tls', data: dataOf(first) }]]);
  const faults = await helmed.upgrade('--set', `shield.tls.secretName=${NAME}`, ...NO_TEST);
  if (faults.length > 0) return faults;
  faults.push(...(await standingFaults(cluster, namespace, BROUGHT_MS)), ...(await otherCertificates(cluster, first)));
  const before = await shieldsOf(cluster);
  await cluster.ask('PATCH', `${SECRETS}/${NAME}`, { data: dataOf(second) });
  faults.push(...(await faultsThatStay(() => otherCertificates(cluster, second), BROUGHT_MS)));
  const isSame = JSON.stringify(await shieldsOf(cluster)) === JSON.stringify(before);
  return isSame ? faults : [...faults, 'Shields were started anew for a renewed certificate'];
}

function dataOf({ cert, key }) {
  const encoded = (text) => Buffer.from(text).toString('base64');
  return { 'tls.crt': encoded(cert), 'tls.key': encoded(key) };
}

async function otherCertificates(cluster, { cert }) {
  const { fingerprint256: expected } = new X509Certificate(cert);
  const shields = await shieldsOf(cluster);
  const shown = await Promise.all(shields.map(async ({ name, address }) => [name, await certificateAt(address)]));
  return shown
    .filter(([, found]) => found !== expected)
    .map(([name, found]) => `${name} shows another certificate: ${found}`);
}

async function shieldsOf({ ask }) {
  const pods = await itemsAt(ask, `/api/v1/namespaces/${namespace}/pods`);
  const shields = pods.filter(
    ({ metadata }) => metadata.name.startsWith(`${release}-shield-`) && metadata.deletionTimestamp === undefined,
  );
  return shields.map(({ metadata: { name }, status: { podIP: address, containerStatuses } }) => ({
    name,
    address,
    restarts: containerStatuses[0].restartCount,
  }));
}

/** The fingerprint of what is shown there; what went wrong, where nothing is. */
function certificateAt(host) {
  return new Promise((resolve) => {
    // It is looked at, and signed by nobody.
    const socket = connect({ host, port: PORT, rejectUnauthorized: false });
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', ({ message }) => resolve(message));
  });
}
